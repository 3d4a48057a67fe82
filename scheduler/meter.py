"""The month's meter: every message is claimed here before it leaves, by all processes from one row."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from scheduler import plan_settings, plans
from scheduler.gateway import Quota
from scheduler.line_quota import USE, line_limit
from scheduler.models import MessageMeter
from scheduler.months import month_of, month_start
from scheduler.reasons import Reason
from segments import shop
from segments.models import Setting
from segments.upsert import insert_ignore

log = structlog.get_logger(__name__)
UNSETTLED = timedelta(hours=1)
"""How long into a month LINE's count may still be that of the month before."""

_meter: Any = MessageMeter.__table__.c
_TAKEN = _meter.claimed + _meter.beyond


@dataclass(frozen=True)
class Cap:
    """The most messages of this month, and what sets that limit; None = no limit."""

    messages: int | None
    reason: Reason = Reason.OVER_BUDGET


@dataclass(frozen=True)
class Meter:
    """How this month stands."""

    claimed: int = 0
    beyond: int = 0
    kept_for_care: int = 0
    held_at: datetime | None = None

    @property
    def taken(self) -> int:
        """Messages of the month, ours and those LINE counted on top of them."""
        return self.claimed + self.beyond


def read(session: Session, now: datetime) -> Meter:
    """Return the meter of the month that `now` lies in."""
    row = session.execute(
        select(_meter.claimed, _meter.beyond, _meter.kept_for_care, _meter.held_at).where(
            _meter.month == month_of(now)
        )
    ).one_or_none()
    return Meter(*row) if row else Meter()


def cap(session: Session) -> Cap:
    """Return the month's limit: what the budget pays for, or what LINE says it allows, whichever is less.

    LINE's answer counts as it was last given; a shop that has never asked and set no budget has no limit of ours.
    """
    budget = shop.load(session).monthly_budget_yen
    paid = None if budget is None else plans.messages_for(plan_settings.plan_of(session), budget)
    allowed = line_limit(session)
    if paid is not None and (allowed is None or paid <= allowed):
        return Cap(paid)
    return Cap(allowed, Reason.PLAN_FULL)


def claim(session: Session, count: int, now: datetime, *, sales: bool) -> int:
    """Take up to `count` messages from the month, in one statement; return how many were granted.

    Sales leave alone what is kept for care and answers. Who is granted less holds the rest.
    """
    if count == 0:
        return 0
    limit = cap(session)
    granted = _claim(session, count, now, limit, sales=sales)
    if granted < count:
        _note_holding(session, limit, now)
    return granted


def _claim(session: Session, count: int, now: datetime, limit: Cap, *, sales: bool) -> int:
    month = month_of(now)
    grant: Any = count
    if limit.messages is not None:
        left = limit.messages - _TAKEN - (_meter.kept_for_care if sales else 0)
        grant = case((left >= count, count), (left > 0, left), else_=0)
    values: dict[str, Any] = {"last_grant": grant, "claimed": _meter.claimed + grant}
    if not sales:
        kept = _meter.kept_for_care - grant
        values["kept_for_care"] = case((kept > 0, kept), else_=0)
    taking = update(MessageMeter).where(_meter.month == month).values(values).returning(_meter.last_grant)
    statement = taking.execution_options(synchronize_session=False)
    granted = session.execute(statement).scalar_one_or_none()
    if granted is None:
        _begin(session, month)
        granted = session.execute(statement).scalar_one()
    return granted


def refusal(session: Session, now: datetime) -> Reason | None:
    """Return why not even one more message may leave this month; None when it may."""
    limit = cap(session)
    if limit.messages is None or read(session, now).taken < limit.messages:
        return None
    return limit.reason


def give_back(session: Session, count: int, claimed_at: datetime | None) -> None:
    """Return messages that LINE certainly did not take to the month they were claimed in."""
    if count == 0 or claimed_at is None:
        return
    left = _meter.claimed - count
    returned = update(MessageMeter).where(_meter.month == month_of(claimed_at))
    session.execute(
        returned.values(claimed=case((left > 0, left), else_=0)).execution_options(synchronize_session=False)
    )


def is_settled(now: datetime) -> bool:
    """Say whether what LINE counts now is certainly this month's."""
    return now - month_start(now) >= UNSETTLED


def note_line(session: Session, quota: Quota, now: datetime) -> None:
    """Keep what LINE says; what it counts beyond ours was sent by somebody else, and is used up all the same.

    It only grows until the night's comparison: LINE counts late, and what it has not counted yet hides the rest.
    """
    value = {"limit": quota.limit, "used": quota.used, "at": now.isoformat()}
    session.merge(Setting(name=USE, value=value, updated_at=now))
    session.flush()
    if not is_settled(now):
        return
    month = month_of(now)
    _begin(session, month)
    more = quota.used - _meter.claimed
    grown = update(MessageMeter).where(_meter.month == month, _meter.beyond < more).values(beyond=more)
    session.execute(grown.execution_options(synchronize_session=False))


def keep_for_care(session: Session, messages: int, now: datetime) -> None:
    """Set aside what care and answers will need this month; sales do not touch it."""
    _set(session, now, {"kept_for_care": messages})


def nothing_held(session: Session) -> None:
    """Take note that nothing waits for money any more."""
    freed = update(MessageMeter).where(_meter.held_at.is_not(None)).values(held_at=None)
    session.execute(freed.execution_options(synchronize_session=False))


def lock_held(session: Session) -> None:
    """Have everybody wait who is about to take note that something waits for money."""
    session.execute(select(_meter.month).where(_meter.held_at.is_not(None)).with_for_update())


def held_since(session: Session) -> datetime | None:
    """Return since when something waits for money; None when nothing does."""
    return session.scalar(select(_meter.held_at).where(_meter.held_at.is_not(None)).order_by(_meter.month))


def correct(session: Session, seen: Meter, ours: int, beyond: int, now: datetime) -> bool:
    """Set the meter to what was counted, unless somebody claimed since it was seen; tell whether it was set."""
    fixed = (
        update(MessageMeter)
        .where(_meter.month == month_of(now), _meter.claimed == seen.claimed)
        .values(claimed=ours, beyond=beyond)
        .returning(_meter.month)
        .execution_options(synchronize_session=False)
    )
    return session.execute(fixed).scalar_one_or_none() is not None


def note_holding(session: Session, now: datetime) -> None:
    """Take note that something begins to wait for money."""
    _note_holding(session, cap(session), now)


def _note_holding(session: Session, limit: Cap, now: datetime) -> None:
    month = month_of(now)
    _begin(session, month)
    # Locked also when it is noted already: scheduler.releasing may be about to forget it.
    known = session.scalar(select(_meter.held_at).where(_meter.month == month).with_for_update())
    if known is None:
        _set(session, now, {"held_at": now})
        log.warning("messages_held", reason=limit.reason.value, month=month, limit=limit.messages)


def _set(session: Session, now: datetime, values: dict[str, Any]) -> None:
    month = month_of(now)
    _begin(session, month)
    changed = update(MessageMeter).where(_meter.month == month).values(values)
    session.execute(changed.execution_options(synchronize_session=False))


def _begin(session: Session, month: str) -> None:
    zeros = {"claimed": 0, "beyond": 0, "kept_for_care": 0, "last_grant": 0}
    insert_ignore(session, MessageMeter, [{"month": month} | zeros])
