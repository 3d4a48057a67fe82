"""The report of campaigns: what each broadcast and scenario sent, what followed, and what an order cost."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from flask_babel import gettext as _

from bot import formats
from bot.console.chart_axes import Figure, Value
from bot.console.places import address
from bot.console.report_period import Bucket
from bot.console.report_shapes import Ask, Chart, Report, Row, Sum, Table
from bot.i18n import current_language
from scheduler import campaign_reports
from scheduler.campaign_reports import Campaign, Campaigns, Figures


def report(ask: Ask) -> Report:
    """Return the report of what left in the period."""
    found = campaign_reports.campaigns(ask.session, ask.period.since, ask.period.until)
    if found.counted_at is None:
        return Report(
            (), (), missing=_("集計は毎晩3時30分に行います。最初の集計のあと、ここに表示されます。")
        )
    total, through = found.total, _through(found.counted_at, ask)
    until, is_behind = formats.day(through, current_language()), through < ask.period.until
    return Report(
        sums=[
            Sum(
                _("送ったメッセージ"),
                total.accepted,
                note=_("%(day)sまでに送った分です", day=until) if is_behind else "",
            ),
            Sum(_("タップ率"), total.tap_rate, Figure.PERCENT),
            Sum(_("ブロック率"), total.block_rate, Figure.PERCENT),
            Sum(_("配信のあとの購入"), total.orders),
            Sum(_("購入1件あたりの費用"), total.cost_per_order, Figure.YEN),
        ],
        parts=[_table(found), *_over_time(ask.period.buckets(), found)],
        counted_at=found.counted_at,
        note=_behind(until) if is_behind else "",
    )


def _behind(until: str) -> str:
    return _(
        "%(day)sまでに送った分の結果です。そのあとに送った分は、次の夜（3時30分）の集計で加わります。いまの様子は、それぞれの配信のページで見られます。",
        day=until,
    )


def _through(counted_at: datetime, ask: Ask) -> date:
    """Return the last day that is counted: each night the days before it are."""
    return counted_at.astimezone(ask.zone).date() - timedelta(days=1)


def _table(found: Campaigns) -> Table:
    return Table(
        key="campaigns",
        title=_("配信ごとの結果"),
        definition=_definition(found.message_yen),
        head=_("配信"),
        columns=[
            (_("送った数"), Figure.NUMBER),
            (_("タップ"), Figure.NUMBER),
            (_("タップ率"), Figure.PERCENT),
            (_("ブロック"), Figure.NUMBER),
            (_("購入"), Figure.NUMBER),
            (_("購入金額"), Figure.YEN),
            (_("費用"), Figure.YEN),
            (_("購入1件あたりの費用"), Figure.YEN),
        ],
        rows=[Row(name(each), _values(each.figures), url(each)) for each in found.rows],
        total=Row(_("合計"), _values(found.total)) if found.rows else None,
    )


def _definition(message_yen: float) -> str:
    return _(
        "期間中にLINEが受け付けたメッセージと、届いてから7日以内のタップ・ブロック・購入です。購入とブロックは、その直前に届いた一つの配信だけに数えるので、合計が重なることはありません。配信のあとに起きたことの数で、配信のおかげで増えた数ではありません。費用は、無料の応答・同時にまとめて送ったもの・メールを除き、1通%(yen)s円（いまの料金プランの追加1通分、追加のないプランは月額を無料通数で割った額）として計算します。",
        yen=f"{message_yen:g}",
    )


def _values(figures: Figures) -> Sequence[Value]:
    return (
        figures.accepted,
        figures.taps,
        figures.tap_rate,
        figures.blocks,
        figures.orders,
        figures.yen,
        figures.cost_yen,
        figures.cost_per_order,
    )


def name(campaign: Campaign) -> str:
    """Return what a campaign is called in the language of this request."""
    own = campaign.name if current_language() == "ja" else campaign.name_en
    if not own:
        return _("削除された配信")
    return _("シナリオ: %(name)s", name=own) if campaign.scenario_id else own


def url(campaign: Campaign) -> str:
    """Return the page of a campaign; "" of one that was deleted."""
    if not campaign.name:
        return ""
    if campaign.scenario_id:
        return address("scenario.show", scenario_id=campaign.scenario_id)
    return address("watching.show", broadcast_id=campaign.broadcast_id)


def _over_time(buckets: Sequence[Bucket], found: Campaigns) -> list[Chart]:
    sums = [
        campaign_reports.added(
            [each for day, each in found.days.items() if bucket.first <= day <= bucket.last]
        )
        for bucket in buckets
    ]
    labels = [each.label for each in buckets]
    return [
        Chart(
            key="sends",
            title=_("送ったメッセージの数"),
            definition=_(
                "一斉配信とシナリオで、LINEが受け付けたメッセージを、受け付けた日で数えます。読まれた数ではありません。"
            ),
            kind="columns",
            labels=labels,
            series=[(_("送った数"), [each.accepted for each in sums])],
            unit=_("通"),
            beside=[
                (_("タップ"), [each.taps for each in sums]),
                (_("ブロック"), [each.blocks for each in sums]),
            ],
        ),
        Chart(
            key="orders",
            title=_("配信のあとの購入"),
            definition=_("メッセージが届いてから7日以内の購入を、メッセージの届いた日で数えます。"),
            kind="columns",
            labels=labels,
            series=[(_("購入"), [each.orders for each in sums])],
            unit=_("件"),
            beside=[
                (_("購入金額（円）"), [each.yen for each in sums]),
                (_("費用（円）"), [each.cost_yen for each in sums]),
            ],
        ),
    ]
