"""The report of buying again: F2 conversion and repeat rate, month by month."""

from collections.abc import Sequence

from flask_babel import gettext as _

from bot.console.chart_axes import Figure
from bot.console.report_shapes import Ask, Chart, Choice, Report, Sum
from segments import buying_months
from segments.buying_months import WITHIN, Month

DAYS = "days"
USUAL = 90


def report(ask: Ask) -> Report:
    """Return the report of the months that the period touches."""
    days = ask.args.get(DAYS, "")
    within = int(days) if days in {str(each) for each in WITHIN} else USUAL
    found = buying_months.load(ask.session, ask.now)
    choices = [
        Choice(_("%(days)s日以内", days=each), ask.period.query(days=str(each)), each == within)
        for each in WITHIN
    ]
    label, extra = _("2回目の購入を数える日数"), {DAYS: str(within)}
    if found is None:
        missing = _("集計は毎晩3時30分に行います。最初の集計のあと、ここに表示されます。")
        return Report((), (), choices=choices, choice_label=label, missing=missing, extra=extra)
    months = [
        each for each in found.rows if ask.period.since.replace(day=1) <= each.month <= ask.period.until
    ]
    place = WITHIN.index(within)
    return Report(
        sums=_sums(months, place),
        parts=[_f2(months, place), _repeat(months), _buyers(months), _takings(months)],
        counted_at=buying_months.counted_at(ask.session) or ask.now,
        choices=choices,
        choice_label=label,
        extra=extra,
    )


def _sums(months: Sequence[Month], place: int) -> list[Sum]:
    judged = sum(month.judged[place] for month in months)
    converted = sum(month.converted[place] for month in months)
    newcomers = sum(month.newcomers for month in months)
    return [
        Sum(
            _("F2転換率"),
            share(converted, judged),
            Figure.PERCENT,
            _("判定できた%(count)s人のうち", count=f"{judged:,}"),
        ),
        Sum(
            _("リピート率"),
            share(sum(month.repeaters for month in months), sum(month.buyers for month in months)),
            Figure.PERCENT,
            _("月ごとの人数を合わせた割合です"),
        ),
        Sum(_("はじめて買った人"), newcomers),
        Sum(_("購入"), sum(month.orders for month in months)),
    ]


def _f2(months: Sequence[Month], place: int) -> Chart:
    return Chart(
        key="f2",
        title=_("F2転換率"),
        definition=_(
            "その月にはじめて買った友だちのうち、%(days)s日以内の別の日にもう一度買った人の割合です。%(days)s日がまだ過ぎていない人は、分母にも分子にも入れません。",
            days=WITHIN[place],
        ),
        kind="columns",
        labels=_labels(months),
        series=[(_("F2転換率"), [share(each.converted[place], each.judged[place]) for each in months])],
        figure=Figure.PERCENT,
        beside=[
            (_("はじめて買った人"), [each.newcomers for each in months]),
            (_("判定できた人"), [each.judged[place] for each in months]),
            (_("2回目を買った人"), [each.converted[place] for each in months]),
        ],
    )


def _repeat(months: Sequence[Month]) -> Chart:
    return Chart(
        key="repeat",
        title=_("リピート率"),
        definition=_(
            "その月に買った友だちのうち、それまでに二日以上買ったことのある人の割合です。一日に何度買っても一日と数えます。"
        ),
        kind="line",
        labels=_labels(months),
        series=[(_("リピート率"), [share(each.repeaters, each.buyers) for each in months])],
        figure=Figure.PERCENT,
        beside=[
            (_("買った人"), [each.buyers for each in months]),
            (_("リピーター"), [each.repeaters for each in months]),
        ],
    )


def _buyers(months: Sequence[Month]) -> Chart:
    return Chart(
        key="buyers",
        title=_("買った人"),
        definition=_("その月に買った友だちを、はじめての人と、前にも買ったことのある人に分けた人数です。"),
        kind="stacked",
        labels=_labels(months),
        series=[
            (_("はじめて買った人"), [each.newcomers for each in months]),
            (_("前にも買った人"), [each.buyers - each.newcomers for each in months]),
        ],
        unit=_("人"),
    )


def _takings(months: Sequence[Month]) -> Chart:
    return Chart(
        key="takings",
        title=_("友だちの購入金額"),
        definition=_(
            "友だちとわかっている購入の合計です（税込、返金を除く）。会員番号だけの購入は含みません。"
        ),
        kind="columns",
        labels=_labels(months),
        series=[(_("購入金額"), [each.yen for each in months])],
        figure=Figure.YEN,
        unit=_("円"),
        beside=[(_("購入の件数"), [each.orders for each in months])],
    )


def _labels(months: Sequence[Month]) -> list[str]:
    return [f"{each.month.year}/{each.month.month}" for each in months]


def share(part: int, whole: int) -> float | None:
    """Return a share from 0 to 1; None of nothing."""
    return part / whole if whole else None
