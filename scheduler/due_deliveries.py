"""Deliveries that may leave and stand in no chunk yet."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from scheduler.models import Delivery, DeliveryKind, DeliveryState

WAITING = (Delivery.state == DeliveryState.QUEUED, Delivery.chunk_id.is_(None))
BUNDLED = (DeliveryKind.STEP, DeliveryKind.BROADCAST)
"""The kinds of which several to one friend leave as one push."""


class Due(NamedTuple):
    """One delivery that may leave."""

    id: int
    friend_id: int
    kind: DeliveryKind
    broadcast_id: int | None
    step_id: int | None
    expires_at: datetime | None
    reason: str | None


_COLUMNS = (
    Delivery.id,
    Delivery.friend_id,
    Delivery.kind,
    Delivery.broadcast_id,
    Delivery.step_id,
    Delivery.expires_at,
    Delivery.reason,
)


def due_deliveries(session: Session, which: ColumnElement[bool], limit: int | None = None) -> list[Due]:
    """Return them locked, the longest due first; what another transaction holds is passed over."""
    query = select(*_COLUMNS).where(*WAITING, which).order_by(Delivery.not_before, Delivery.id).limit(limit)
    return [Due(*row) for row in session.execute(query.with_for_update(skip_locked=True))]
