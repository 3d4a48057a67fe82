"""The calendar: what went out on each day of a month, what will, what it costs, and what else the day brings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import Select, and_, func, literal, select, union_all
from sqlalchemy.orm import Session

from scheduler import date_starts, meter, plan_settings, plans, steps_by_day
from scheduler.models import (
    Broadcast,
    CampaignDay,
    Delivery,
    DeliveryState,
    Message,
    MessageVersion,
    Scenario,
    Step,
)
from scheduler.plans import Plan
from scheduler.reserved import PLANNED, reachable
from scheduler.step_settings import read_date_start
from segments import shop
from segments.models import Coupon, CouponGrant
from segments.shop import Shop

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Entry:
    """What one broadcast, or one step or scenario, sends on a day."""

    messages: float
    broadcast: Broadcast | None = None
    scenario: Scenario | None = None
    step: Step | None = None
    """None for what a scenario sent in the past: that is kept by scenario."""
    at: datetime | None = None
    went_out: bool = False
    billed: int = 0
    taps: int = 0
    blocks: int = 0


@dataclass
class Day:
    """One day of the shop's calendar."""

    day: date
    is_closed: bool
    entries: list[Entry] = field(default_factory=list[Entry])
    starts: list[tuple[Scenario, int]] = field(default_factory=list[tuple[Scenario, int]])
    """Scenarios by date, and how many friends start in them."""
    coupons: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    """Coupons by title, and how many friends hold one that ends."""
    yen: int = 0
    """What its messages add to the month's bill, before tax; 0 while the plan includes them."""

    @property
    def sent(self) -> int:
        """Messages that went out."""
        return round(sum(each.messages for each in self.entries if each.went_out))

    @property
    def expected(self) -> int:
        """Messages still to come."""
        return round(sum(each.messages for each in self.entries if not each.went_out))


@dataclass(frozen=True)
class Month:
    """The days of one month."""

    days: Sequence[Day]
    settings: Shop
    today: date

    @property
    def yen(self) -> int:
        """What its messages add to the bill."""
        return sum(day.yen for day in self.days)


def month(session: Session, first: date, now: datetime) -> Month:
    """Return the month that begins on `first`."""
    settings = shop.load(session)
    today, following = settings.today(now), (first + timedelta(days=31)).replace(day=1)
    days = {
        day: Day(day, settings.is_closed(day))
        for day in (first + timedelta(days=number) for number in range((following - first).days))
    }
    _went_out(session, days, settings, today)
    ahead = [day for day in days if day >= today]
    if ahead:
        _scheduled(session, days, settings, now)
        starts = _starts(session, days, ahead, settings)
        until = datetime.combine(following, time(), settings.zone)
        for day, steps in steps_by_day.expected(session, now, until, settings.zone, starts).items():
            if day in days:
                days[day].entries += [
                    Entry(each.messages, scenario=each.scenario, step=each.step) for each in steps
                ]
        _coupons(session, days, ahead, settings)
    _price(days.values(), plan_settings.plan_of(session), meter.read(session, now).taken, today)
    return Month([*days.values()], settings, today)


def _went_out(session: Session, days: Mapping[date, Day], settings: Shop, today: date) -> None:
    """Add what went out: of past days as it was counted at night, of today as it stands."""
    broadcasts: dict[int, Broadcast] = {}
    scenarios = {scenario.id: scenario for scenario in session.scalars(select(Scenario))}
    rows = session.scalars(
        select(CampaignDay)
        .where(CampaignDay.day.between(min(days), min(max(days), today - DAY)), CampaignDay.accepted > 0)
        .order_by(CampaignDay.day, CampaignDay.accepted.desc())
    ).all()
    wanted = {row.broadcast_id for row in rows if row.broadcast_id}
    counted = _today(session, settings, today) if today in days else []
    wanted |= {broadcast_id for broadcast_id, _scenario, _count in counted if broadcast_id}
    for found in session.scalars(select(Broadcast).where(Broadcast.id.in_(wanted))):
        broadcasts[found.id] = found
    for row in rows:
        days[row.day].entries.append(
            Entry(
                row.accepted,
                broadcasts.get(row.broadcast_id),
                scenarios.get(row.scenario_id),
                went_out=True,
                billed=row.billed,
                taps=row.taps,
                blocks=row.blocks,
            )
        )
    for broadcast_id, scenario_id, count in counted:
        days[today].entries.append(
            Entry(
                count, broadcasts.get(broadcast_id), scenarios.get(scenario_id), went_out=True, billed=count
            )
        )


def _today(session: Session, settings: Shop, today: date) -> list[tuple[int, int, int]]:
    midnight = datetime.combine(today, time(), settings.zone)
    rows = session.execute(
        select(Delivery.broadcast_id, Step.scenario_id, func.count())
        .outerjoin(Step, Step.id == Delivery.step_id)
        .where(Delivery.created_at >= midnight, Delivery.state == DeliveryState.ACCEPTED)
        # To group them without sorting, SQLite would go through all deliveries there ever were.
        .with_hint(Delivery, "INDEXED BY ix_deliveries_created_at", "sqlite")
        .group_by(Delivery.broadcast_id, Step.scenario_id)
    )
    return [(broadcast_id or 0, scenario_id or 0, count) for broadcast_id, scenario_id, count in rows]


def _scheduled(session: Session, days: Mapping[date, Day], settings: Shop, now: datetime) -> None:
    """Add broadcasts that wait for their time, with whom they would reach now."""
    rows = session.execute(
        select(Broadcast, Message.purpose)
        .join(MessageVersion, MessageVersion.id == Broadcast.message_version_id)
        .join(Message, Message.id == MessageVersion.message_id)
        .where(Broadcast.state.in_(PLANNED), Broadcast.scheduled_at.is_not(None))
        .order_by(Broadcast.scheduled_at)
    )
    for broadcast, purpose in rows.all():
        assert broadcast.scheduled_at is not None
        day = days.get(broadcast.scheduled_at.astimezone(settings.zone).date())
        if day is not None:
            messages = reachable(session, broadcast, purpose, now)
            day.entries.append(Entry(messages, broadcast, at=broadcast.scheduled_at))


def _starts(
    session: Session, days: Mapping[date, Day], ahead: Sequence[date], settings: Shop
) -> dict[int, dict[date, int]]:
    """Add who starts by date on the days to come; return it by scenario."""
    by_date = Scenario.trigger["date"].as_string().is_not(None)
    found: dict[int, dict[date, int]] = {}
    for scenario in session.scalars(select(Scenario).where(Scenario.active, by_date).order_by(Scenario.id)):
        counted = date_starts.starting(session, read_date_start(scenario.trigger), ahead, settings)
        found[scenario.id] = counted
        for day, friends in counted.items():
            days[day].starts.append((scenario, friends))
    return found


def _coupons(session: Session, days: Mapping[date, Day], ahead: Sequence[date], settings: Shop) -> None:
    parts = [_ending(day, settings) for day in ahead]
    for day, title, friends in session.execute(union_all(*parts)):
        days[date.fromisoformat(day)].coupons.append((title, friends))


def _ending(day: date, settings: Shop) -> Select[str, str, int]:
    begins = datetime.combine(day, time(), settings.zone)
    ends = datetime.combine(day + DAY, time(), settings.zone)
    held = and_(
        CouponGrant.expires_at >= begins, CouponGrant.expires_at < ends, CouponGrant.redeemed_at.is_(None)
    )
    return (
        select(literal(day.isoformat()), Coupon.title, func.count(CouponGrant.friend_id.distinct()))
        .join(Coupon, Coupon.id == CouponGrant.coupon_id)
        .where(held)
        .group_by(Coupon.title)
    )


def _price(days: Iterable[Day], plan: Plan, taken: int, today: date) -> None:
    """Say what each day adds to the month's bill, each message counted once and in the order of the days."""
    used = 0.0
    for day in days:
        before = used
        used += sum(each.billed if each.went_out else each.messages for each in day.entries)
        if day.day == today:
            # What the meter says is what counts: it knows what was sent by hand as well.
            used = max(used, taken + sum(each.messages for each in day.entries if not each.went_out))
        day.yen = round(plans.extra_cost(plan, round(used)) - plans.extra_cost(plan, round(before)))
