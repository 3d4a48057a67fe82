"""The report of the ladders: who stood where over time, who moved up and who went out."""

from collections.abc import Iterable

from flask_babel import gettext as _

from bot.console.chart_axes import Figure
from bot.console.report_shapes import Ask, Chart, Choice, Report, Row, Sum, Table
from bot.i18n import current_language
from segments import day_counts, standings
from segments.ladder_words import ladder_name, rung_name
from segments.ladders import LADDERS
from segments.standings import Moved

LADDER = "ladder"


def report(ask: Ask) -> Report:
    """Return the report of one ladder, the pyramid unless another is asked for."""
    names = [name.value for name in LADDERS]
    ladder = ask.args.get(LADDER, "")
    ladder = ladder if ladder in names else names[0]
    moved = standings.moved(ask.session, ladder, ask.period.since, ask.period.until)
    return Report(
        sums=[
            Sum(_("上の段への移動"), moved.up),
            *([Sum(_("離脱への移動"), moved.out)] if ladder in standings.OUT else []),
        ],
        parts=[_standing(ask, ladder), _moves(ask, ladder), _pairs(ladder, moved)],
        counted_at=day_counts.counted_at(ask.session),
        choices=[_choice(ask, name, ladder) for name in names],
        choice_label=_("見る分類"),
        extra={LADDER: ladder},
    )


def _choice(ask: Ask, name: str, chosen: str) -> Choice:
    label = ladder_name(name, current_language())
    return Choice(label, ask.period.query(ladder=name), name == chosen)


def _rungs(ladder: str) -> list[str]:
    found = next(each.rungs for name, each in LADDERS.items() if name.value == ladder)
    return [str(rung) for rung in found if rung]


def _standing(ask: Ask, ladder: str) -> Chart:
    buckets = ask.period.buckets()
    found = standings.standings(ask.session, ladder, [each.last for each in buckets], ask.now)
    language = current_language()
    return Chart(
        key="standing",
        title=_("%(ladder)sごとの人数", ladder=ladder_name(ladder, language)),
        definition=_(
            "それぞれの期間の終わりの日に、その段にいた友だちの人数です。ブロックした友だちも、記録が残っているかぎり含みます。"
        ),
        kind="line",
        labels=[each.label for each in buckets],
        series=[
            (rung_name(ladder, rung, language), [each.friends.get(rung, 0) for each in found])
            for rung in reversed(_rungs(ladder))
        ],
        unit=_("人"),
    )


def _moves(ask: Ask, ladder: str) -> Chart:
    buckets = ask.period.buckets()
    found = standings.moved_each(ask.session, ladder, [(each.first, each.last) for each in buckets])
    out = [(_("離脱への移動"), [each.out for each in found])] if ladder in standings.OUT else []
    return Chart(
        key="moves",
        title=_("上の段への移動と離脱"),
        definition=_(
            "上の段に移った回数と、離脱に移った回数です。同じ友だちが期間中に二度移れば、二度数えます。はじめて記録された日の分は含みません。"
        ),
        kind="columns",
        labels=[each.label for each in buckets],
        series=[(_("上の段への移動"), [each.up for each in found]), *out],
        unit=_("回"),
    )


def _pairs(ladder: str, moved: Moved) -> Table:
    return Table(
        key="pairs",
        title=_("どの段からどの段へ"),
        definition=_("期間中のすべての移動です。多い順に並べています。"),
        head=_("移動"),
        columns=[(_("回数"), Figure.NUMBER)],
        rows=[Row(label, [count]) for label, count in _told(ladder, moved)],
    )


def _told(ladder: str, moved: Moved) -> Iterable[tuple[str, int]]:
    language = current_language()
    for each in moved.moves:
        came_from = rung_name(ladder, each.came_from, language) if each.came_from else _("（最初の記録）")
        yield f"{came_from} → {rung_name(ladder, each.went_to, language)}", each.friends
