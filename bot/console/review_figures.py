"""What moved between two weeks or months, and what the campaigns of the later one were followed by."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot.console.chart_axes import Figure, Value, said
from bot.console.report_buying import share
from bot.console.review_span import Span, Unit
from bot.i18n import current_language
from scheduler import campaign_reports
from scheduler.campaign_reports import Campaign, Campaigns
from segments import answer_times, buying_months, day_counts, referral_figures, standings
from segments.day_counts import FOLLOWED
from segments.local_times import start_of
from segments.models import EventKind

CAMPAIGNS = 8
COUNTED = (FOLLOWED, *(kind.value for kind in (EventKind.BLOCKED, EventKind.OPTED_OUT)))
ANSWERS = EventKind.SATISFIED.value, EventKind.DISSATISFIED.value


@dataclass(frozen=True)
class Moved:
    """One figure in both spans."""

    name: str
    now: Value
    before: Value
    report: str
    figure: Figure = Figure.NUMBER
    lower_is_better: bool = False

    @property
    def change(self) -> str:
        """Return by how much it moved; "" where one of them has no value."""
        if self.now is None or self.before is None:
            return ""
        difference = self.now - self.before
        if abs(difference) < 1e-9:
            return _("変わりません")
        size = abs(difference)
        words = (
            _("%(points)sポイント", points=f"{size * 100:.1f}")
            if self.figure is Figure.PERCENT
            else said(round(size) if self.figure is Figure.YEN else size, current_language(), self.figure)
        )
        return f"▲ {words}" if difference > 0 else f"▼ {words}"

    @property
    def is_worse(self) -> bool:
        """Whether it moved the wrong way."""
        if self.now is None or self.before is None:
            return False
        return self.now > self.before if self.lower_is_better else self.now < self.before


@dataclass(frozen=True)
class Reviewed:
    """What a review shows."""

    moved: Sequence[Moved]
    campaigns: Sequence[Campaign]
    """Those that most orders followed first."""
    others: int
    """Campaigns that are not shown."""
    through: date | None
    """The last day whose campaigns are counted; None before the first night."""


def reviewed(session: Session, span: Span, now: datetime, zone: ZoneInfo) -> Reviewed:
    """Return what moved in a span, compared with the one before it."""
    both = (span, span.before)
    found = [campaign_reports.campaigns(session, each.first, each.last) for each in both]
    counted_at = found[0].counted_at
    rows = sorted(found[0].rows, key=lambda each: (-each.figures.orders, -each.figures.taps))
    moved = [
        *_friends(session, both),
        *(_buying(session, both, now) if span.unit is Unit.MONTH else ()),
        *_campaigns(found),
        *_people(session, both, zone),
    ]
    return Reviewed(
        moved,
        rows[:CAMPAIGNS],
        max(0, len(rows) - CAMPAIGNS),
        counted_at.astimezone(zone).date() - timedelta(days=1) if counted_at else None,
    )


_Both = tuple[Span, Span]


def _friends(session: Session, both: _Both) -> Iterator[Moved]:
    found = day_counts.read(session, (*COUNTED, *ANSWERS), both[1].first, both[0].last)
    sums = [{figure: _sum(days, each) for figure, days in found.items()} for each in both]
    moves = standings.moved_each(session, "pyramid", [(each.first, each.last) for each in both])
    yield Moved(_("新しい友だち"), sums[0][FOLLOWED], sums[1][FOLLOWED], "friends")
    for kind, name in ((EventKind.BLOCKED, _("ブロック")), (EventKind.OPTED_OUT, _("配信停止"))):
        yield Moved(name, sums[0][kind.value], sums[1][kind.value], "friends", lower_is_better=True)
    yield Moved(_("上の段への移動"), moves[0].up, moves[1].up, "stages")
    yield Moved(_("離脱への移動"), moves[0].out, moves[1].out, "stages", lower_is_better=True)
    satisfied = [share(each[ANSWERS[0]], each[ANSWERS[0]] + each[ANSWERS[1]]) for each in sums]
    yield Moved(_("満足度"), satisfied[0], satisfied[1], "satisfaction", Figure.PERCENT)


def _sum(days: Mapping[date, Mapping[str, int]], span: Span) -> int:
    return sum(sum(parts.values()) for day, parts in days.items() if span.first <= day <= span.last)


def _buying(session: Session, both: _Both, now: datetime) -> Iterator[Moved]:
    kept = buying_months.load(session, now)
    months = {each.month: each for each in kept.rows} if kept else {}
    later, earlier = (months.get(each.first) for each in both)
    repeated = [share(each.repeaters, each.buyers) if each else None for each in (later, earlier)]
    yield Moved(_("リピート率"), repeated[0], repeated[1], "buying", Figure.PERCENT)
    for name, field, figure in (
        (_("はじめて買った人"), "newcomers", Figure.NUMBER),
        (_("買った人"), "buyers", Figure.NUMBER),
        (_("友だちの購入金額"), "yen", Figure.YEN),
    ):
        values = [getattr(each, field) if each else (0 if kept else None) for each in (later, earlier)]
        yield Moved(name, values[0], values[1], "buying", figure)


def _campaigns(found: Sequence[Campaigns]) -> Iterator[Moved]:
    if found[0].counted_at is None:
        return
    now, before = (each.total for each in found)
    yield Moved(_("送ったメッセージ"), now.accepted, before.accepted, "campaigns")
    yield Moved(_("タップ率"), now.tap_rate, before.tap_rate, "campaigns", Figure.PERCENT)
    yield Moved(
        _("ブロック率"), now.block_rate, before.block_rate, "campaigns", Figure.PERCENT, lower_is_better=True
    )
    yield Moved(_("配信のあとの購入"), now.orders, before.orders, "campaigns")
    costs = now.cost_per_order, before.cost_per_order
    yield Moved(_("購入1件あたりの費用"), *costs, "campaigns", Figure.YEN, lower_is_better=True)


def _people(session: Session, both: _Both, zone: ZoneInfo) -> Iterator[Moved]:
    brought = [referral_figures.entered(session, each.first, each.last, zone) for each in both]
    yield Moved(_("紹介で来た人"), brought[0], brought[1], "referrals")
    asked = [
        answer_times.times(session, start_of(each.first, zone), start_of(each.last + timedelta(days=1), zone))
        for each in both
    ]
    yield Moved(_("質問"), len(asked[0].asked), len(asked[1].asked), "answers")
    soon = [answer_times.soon_share(each.waited) for each in asked]
    yield Moved(_("24時間以内に答えた割合"), soon[0], soon[1], "answers", Figure.PERCENT)
