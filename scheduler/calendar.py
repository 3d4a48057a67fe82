"""The calendar: what went out on each day of a month, what will, what it costs, and what else the day brings."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, selectinload

from scheduler import (
    date_start_counts,
    kept_reach,
    kept_steps,
    meter,
    plan_settings,
    plans,
    step_forecast,
    steps_by_day,
)
from scheduler.calendar_days import Day, Entry, Month
from scheduler.models import Broadcast, CampaignDay, Delivery, DeliveryState, Scenario, Step
from scheduler.plans import Plan
from scheduler.scenario_flow import Flow
from scheduler.scenario_settings import read_date_start
from scheduler.steps_by_day import Span
from segments import shop
from segments.models import Coupon, CouponGrant
from segments.shop import Shop

DAY = timedelta(days=1)
LONGEST_WAY = timedelta(days=300)
"""Friends whom a date started longer ago are looked for no more: less than a year, or they would be found twice."""


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
    kept = kept_steps.load(session, now) if ahead else None
    if kept is not None:
        _scheduled(session, days, settings, now)
        starts = _starts(session, days, ahead, settings, today)
        span = Span(now, ahead, settings.zone)
        for day, steps in steps_by_day.expected(session, kept.counts, span, starts).items():
            days[day].entries += [
                Entry(each.messages, scenario=each.scenario, step=each.step) for each in steps
            ]
        _coupons(session, days, ahead, settings)
    _price(days.values(), plan_settings.plan_of(session), meter.read(session, now).taken, today)
    return Month([*days.values()], settings, today, kept.at if kept else None)


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
    """Add broadcasts that wait for their time, with whom they would reach."""
    kept = kept_reach.load(session, now)
    timed = kept_reach.planned().where(Broadcast.scheduled_at.is_not(None))
    for broadcast, purpose in session.execute(timed).all():
        assert broadcast.scheduled_at is not None
        day = days.get(broadcast.scheduled_at.astimezone(settings.zone).date())
        if day is not None:
            messages = kept.of(session, broadcast, purpose, now)
            day.entries.append(Entry(messages, broadcast, at=broadcast.scheduled_at))


def _starts(
    session: Session, days: Mapping[date, Day], ahead: Sequence[date], settings: Shop, today: date
) -> dict[int, dict[date, int]]:
    """Add who starts by date on the days to come; return it by scenario, with those before who are still on the way."""
    by_date = Scenario.trigger["date"].as_string().is_not(None)
    running = select(Scenario).options(selectinload(Scenario.steps)).where(Scenario.active, by_date)
    found: dict[int, dict[date, int]] = {}
    for scenario in session.scalars(running.order_by(Scenario.id)):
        first = max(today, ahead[0] - _way(scenario))
        asked = [first + number * DAY for number in range((ahead[-1] - first).days + 1)]
        start = read_date_start(scenario.trigger)
        found[scenario.id] = date_start_counts.starting(session, start, asked, settings)
        for day, friends in found[scenario.id].items():
            if day in days:
                days[day].starts.append((scenario, friends))
    return found


def _way(scenario: Scenario) -> timedelta:
    """Return how long friends are on the way to a scenario's last message, in whole days."""
    flow = Flow(scenario.steps)
    if flow.first is None:
        return timedelta()
    said = step_forecast.ahead(flow, flow.first, flow.first.delay, LONGEST_WAY)
    return timedelta(days=max((at for _step, at, _share in said), default=timedelta()).days + 1)


def _coupons(session: Session, days: Mapping[date, Day], ahead: Sequence[date], settings: Shop) -> None:
    spans = date_start_counts.day_spans(ahead, settings)
    during = and_(CouponGrant.expires_at >= spans.c.begins, CouponGrant.expires_at < spans.c.ends)
    rows = session.execute(
        select(spans.c.day, Coupon.title, func.count(CouponGrant.friend_id.distinct()))
        .select_from(spans)
        .join(CouponGrant, during)
        .join(Coupon, Coupon.id == CouponGrant.coupon_id)
        .where(CouponGrant.redeemed_at.is_(None))
        .group_by(spans.c.day, Coupon.title)
        .order_by(spans.c.day, Coupon.title)
    )
    for day, title, friends in rows:
        days[date.fromisoformat(day)].coupons.append((title, friends))


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
