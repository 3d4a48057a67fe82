"""A message sent to one friend as a test: to the operator's own LINE, before anybody else gets it."""

from datetime import datetime

from sqlalchemy.orm import Session

from scheduler import chunks, meter
from scheduler.jobs import JobQueue
from scheduler.models import Delivery, DeliveryKind, Purpose
from segments.errors import Conflict, NotFound
from segments.models import Friend


def send(session: Session, queue: JobQueue, version_id: int, friend_id: int, now: datetime) -> Delivery:
    """Send one version of a message to one friend at once; it counts among tests alone.

    Raises NotFound (friend_unknown) and Conflict with the reason when this month's messages are used up.
    """
    if session.get(Friend, friend_id) is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    if (reason := meter.refusal(session, now)) is not None:
        raise Conflict(reason.value)
    delivery = Delivery(
        friend_id=friend_id,
        kind=DeliveryKind.TEST,
        purpose=Purpose.SERVICE,
        message_version_id=version_id,
        created_at=now,
        not_before=now,
    )
    session.add(delivery)
    session.flush()
    chunks.send_as_chunk(session, queue, [delivery.id], now)
    return delivery
