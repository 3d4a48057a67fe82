"""Which friends did not get a broadcast, and why, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.models import Delivery, DeliveryState
from segments.models import Friend

PAGE = 50
UNSENT = (DeliveryState.SKIPPED, DeliveryState.FAILED, DeliveryState.UNCERTAIN, DeliveryState.CANCELLED)
"""Where a message ends that did not arrive, or of which nobody can tell."""


@dataclass(frozen=True)
class Unsent:
    """One friend who did not get it."""

    friend_id: int
    name: str
    state: DeliveryState
    reason: str | None


@dataclass(frozen=True)
class UnsentPage:
    """Some of them, and after which friend the next page begins."""

    rows: Sequence[Unsent]
    after: int | None


def unsent(session: Session, broadcast_id: int, reason: str, after: int) -> UnsentPage:
    """Return the friends who did not get a broadcast, for one reason or, with an empty one, for any."""
    rows = session.execute(
        select(Delivery.friend_id, Friend.display_name, Delivery.state, Delivery.reason)
        .join(Friend, Friend.id == Delivery.friend_id)
        .where(
            Delivery.broadcast_id == broadcast_id,
            Delivery.state.in_(UNSENT),
            Delivery.friend_id > after,
            *((Delivery.reason == reason,) if reason else ()),
        )
        .order_by(Delivery.friend_id)
        .limit(PAGE + 1)
    ).all()
    found = [Unsent(*row) for row in rows[:PAGE]]
    return UnsentPage(found, found[-1].friend_id if len(rows) > PAGE else None)
