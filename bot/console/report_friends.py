"""The report of friends: who followed and by which route, who blocked us, who wants no more messages."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from flask_babel import gettext as _

from bot.console.report_period import Bucket
from bot.console.report_shapes import Ask, Chart, Report, Sum
from bot.i18n import N_
from segments import day_counts
from segments.day_counts import FOLLOWED
from segments.models import EventKind

ROUTES = 7
"""Routes with a colour of their own; the others stand together."""
LEFT = (EventKind.BLOCKED, EventKind.OPTED_OUT, EventKind.OFFERS_OPTED_OUT)
BACK = (EventKind.REFOLLOWED, EventKind.OPTED_IN, EventKind.OFFERS_OPTED_IN)
Days = Mapping[date, Counter[str]]


def report(ask: Ask) -> Report:
    """Return the report."""
    figures = [FOLLOWED, *(kind.value for kind in (*LEFT, *BACK))]
    found = day_counts.read(ask.session, figures, ask.period.since, ask.period.until)
    buckets = ask.period.buckets()
    return Report(
        sums=[
            Sum(_("新しい友だち"), _total(found[FOLLOWED])),
            Sum(_("ブロック"), _total(found[EventKind.BLOCKED])),
            Sum(_("配信停止"), _total(found[EventKind.OPTED_OUT])),
        ],
        parts=[
            _routes(buckets, found[FOLLOWED]),
            _events(buckets, found, LEFT, "left", _("離れた友だち"), _left_words(), _LEFT_NAMES),
            _events(buckets, found, BACK, "back", _("戻った友だち"), _back_words(), _BACK_NAMES),
        ],
        counted_at=day_counts.counted_at(ask.session),
    )


def _total(days: Days) -> int:
    return sum(sum(each.values()) for each in days.values())


def _routes(buckets: Sequence[Bucket], days: Days) -> Chart:
    total: Counter[str] = Counter()
    for counted in days.values():
        total.update(counted)
    # Of equals the one without a name last.
    named = sorted(total, key=lambda route: (-total[route], not route, route))[:ROUTES]
    rest = set(total) - set(named)
    sums = [in_bucket(days, each) for each in buckets]
    series = [(route or _("経路不明"), [each[route] for each in sums]) for route in named]
    if rest:
        series.append((_("その他の経路"), [sum(each[route] for route in rest) for each in sums]))
    return Chart(
        key="routes",
        title=_("経路ごとの新しい友だち"),
        definition=_(
            "はじめて友だちになった人数を、きっかけになったQRコードやリンクごとに数えたものです。ブロックを解除した人は含みません。"
        ),
        kind="stacked",
        labels=[each.label for each in buckets],
        series=series or [(_("新しい友だち"), [0] * len(buckets))],
        unit=_("人"),
    )


def _events(
    buckets: Sequence[Bucket],
    found: Mapping[str, Days],
    kinds: Sequence[EventKind],
    key: str,
    title: str,
    definition: str,
    names: Mapping[EventKind, str],
) -> Chart:
    return Chart(
        key=key,
        title=title,
        definition=definition,
        kind="columns",
        labels=[each.label for each in buckets],
        series=[
            (_(names[kind]), [in_bucket(found[kind.value], each)[""] for each in buckets]) for kind in kinds
        ],
        unit=_("回"),
    )


def in_bucket(days: Days, bucket: Bucket) -> Counter[str]:
    """Add up the days of a bucket."""
    total: Counter[str] = Counter()
    for day, counted in days.items():
        if bucket.first <= day <= bucket.last:
            total.update(counted)
    return total


_LEFT_NAMES = {
    EventKind.BLOCKED: N_("ブロック"),
    EventKind.OPTED_OUT: N_("配信停止"),
    EventKind.OFFERS_OPTED_OUT: N_("販売のご案内の停止"),
}
_BACK_NAMES = {
    EventKind.REFOLLOWED: N_("ブロック解除"),
    EventKind.OPTED_IN: N_("配信再開"),
    EventKind.OFFERS_OPTED_IN: N_("販売のご案内の再開"),
}


def _left_words() -> str:
    return _("ブロックした回数と、トークで配信や販売のご案内の停止を希望した回数です。")


def _back_words() -> str:
    return _("ブロックを解除した回数と、配信や販売のご案内の再開を希望した回数です。")
