"""Whom scheduled broadcasts would reach, as it was counted a few minutes ago: counting means looking at everybody."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from scheduler import mail_settings
from scheduler.models import Broadcast, BroadcastState, Message, MessageVersion, Purpose
from scheduler.reach import reach, reach_by_mail
from segments import conditions
from segments.conditions import Condition
from segments.models import Setting

SETTING = "planned_reach"
GOOD_FOR = timedelta(minutes=30)
"""A worker counts every five minutes: an older count means that none works, and it is made anew."""
PLANNED = (BroadcastState.SCHEDULED, BroadcastState.AWAITING_APPROVAL)


@dataclass(frozen=True)
class KeptReach:
    """What was counted, by broadcast."""

    _known: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])

    def of(self, session: Session, broadcast: Broadcast, purpose: Purpose, now: datetime) -> int:
        """Return whom a broadcast would reach; counted now when it is for others than it was then."""
        known = self._known.get(str(broadcast.id))
        if known is not None and known["whom"] == _whom(broadcast, purpose):
            return int(known["friends"])
        return reachable(session, broadcast, purpose, now)


def keep(session: Session, now: datetime) -> None:
    """Count whom each planned broadcast would reach, and keep it."""
    counted = {
        str(broadcast.id): {
            "whom": _whom(broadcast, purpose),
            "friends": reachable(session, broadcast, purpose, now),
        }
        for broadcast, purpose in session.execute(planned()).all()
    }
    session.merge(Setting(name=SETTING, value={"reach": counted}, updated_at=now))
    session.flush()


def load(session: Session, now: datetime) -> KeptReach:
    """Return what was counted last; nothing, when that is too long ago."""
    kept = session.get(Setting, SETTING)
    if kept is None or not timedelta() <= now - kept.updated_at <= GOOD_FOR:
        return KeptReach()
    return KeptReach(kept.value["reach"])


def planned() -> Select[Broadcast, Purpose]:
    """Select the broadcasts that wait for their time or an approval, the first to leave first, with why they go out."""
    return (
        select(Broadcast, Message.purpose)
        .join(MessageVersion, MessageVersion.id == Broadcast.message_version_id)
        .join(Message, Message.id == MessageVersion.message_id)
        .where(Broadcast.state.in_(PLANNED))
        .order_by(Broadcast.scheduled_at, Broadcast.id)
    )


def reachable(session: Session, broadcast: Broadcast, purpose: Purpose, now: datetime) -> int:
    """Count whom a broadcast would reach on LINE now: the messages it costs."""
    condition, listed = _audience(broadcast)
    return reach(session, now, condition=condition, audience_id=listed, purpose=purpose).reachable


def reachable_by_mail(session: Session, broadcast: Broadcast, purpose: Purpose, now: datetime) -> int:
    """Count whom it would reach by mail because LINE cannot; nobody, while mail is not set up."""
    goes_by_mail = broadcast.by_mail or purpose is Purpose.SERVICE
    if not goes_by_mail or not mail_settings.load(session).is_complete:
        return 0
    condition, listed = _audience(broadcast)
    return reach_by_mail(
        session,
        now,
        condition=condition,
        audience_id=listed,
        purpose=purpose,
        strangers=broadcast.by_mail,
    )


def _audience(broadcast: Broadcast) -> tuple[Condition | None, int | None]:
    """Return the condition it is for, or else the frozen list."""
    if broadcast.audience_id is not None or broadcast.condition is None:
        return None, broadcast.audience_id
    return conditions.parse(broadcast.condition), None


def _whom(broadcast: Broadcast, purpose: Purpose) -> dict[str, Any]:
    """Return what decides for whom it is: when that changes, the count is no longer good."""
    return {
        "condition": broadcast.condition,
        "audience": broadcast.audience_id,
        "purpose": purpose.value,
    }
