"""Messages that may wait ride on the next free reply: LINE counts no replies.

What rides is taken in the transaction that writes the reply, by one conditional update, so that a push and a reply
never both take it. What becomes of it is in scheduler.reply_settling.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from scheduler import bulk, kill_switch, messages
from scheduler.eligibility import Allowed, candidates, may_send
from scheduler.gateway import MessageObject
from scheduler.models import Delivery, DeliveryBody, DeliveryState, MessageVersion
from scheduler.template_facts import personal_facts
from scheduler.timing import QuietHours, next_allowed
from scheduler.waiting import Waiting, riding
from segments.link_tokens import Tracking

MARGIN = timedelta(minutes=1)
"""How long before its last moment a message is pushed at the latest."""


@dataclass(frozen=True)
class Rider:
    """A message that is going with a reply."""

    delivery_id: int
    messages: tuple[MessageObject, ...]


def push_at(
    due: datetime, rides_for: timedelta, expires_at: datetime | None, quiet: QuietHours | None, zone: ZoneInfo
) -> datetime:
    """Return when a message that waits for a reply from `due` on is pushed if none comes, in UTC.

    Never later than `rides_for` allows, and early enough that quiet hours before `expires_at` do not outlast it.
    """
    latest = due + rides_for
    if expires_at is None or next_allowed(latest, quiet, zone) < expires_at:
        return latest
    last = min(latest, expires_at - MARGIN)
    if quiet is not None and next_allowed(last, quiet, zone) >= expires_at:
        last = _before_quiet(last, quiet, zone)
    return max(due, last)


def _before_quiet(moment: datetime, quiet: QuietHours, zone: ZoneInfo) -> datetime:
    """Return the last minute before the quiet hours that `moment` lies in."""
    wall = moment.astimezone(zone)
    begun = wall.replace(hour=quiet.begins.hour, minute=quiet.begins.minute, second=0, microsecond=0)
    if begun > wall:
        begun -= timedelta(days=1)
    return begun.astimezone(moment.tzinfo) - MARGIN


def friends_waited_for(session: Session, friend_ids: Collection[int]) -> set[int]:
    """Return those of some friends for whom a message waits that may ride: one query for a batch of events."""
    which = (
        Delivery.state == DeliveryState.QUEUED,
        Delivery.chunk_id.is_(None),
        Delivery.rides_from.is_not(None),
        bulk.among(session, Delivery.friend_id, friend_ids),
    )
    return set(session.scalars(select(Delivery.friend_id).where(*which))) if friend_ids else set()


def take_one(
    session: Session, friend_id: int, room: int, now: datetime, tracking: Tracking | None = None
) -> Rider | None:
    """Take the most pressing message that may go with a reply of `room` free message objects; None when there is none.

    Asked as a push would be, but for quiet hours: the friend is awake and talking with us. The caller tells with
    `bind` which reply it goes with, in the same transaction.
    """
    if room < 1 or kill_switch.is_stopped(session):
        return None
    waiting = riding(session, friend_id, now)
    asked = candidates(session, waiting, now) if waiting else []
    for each, candidate in zip(waiting, asked, strict=True):
        if isinstance(may_send(replace(candidate, quiet=None), now), Allowed):
            text = _text(session, each, now, tracking)
            objects: list[MessageObject] = json.loads(text) if text else []
            if 0 < len(objects) <= room and _claim(session, each.id, text, now):
                return Rider(each.id, tuple(objects))
    return None


def _text(session: Session, waiting: Waiting, now: datetime, tracking: Tracking | None) -> str:
    """Return the rendered message, nothing when that fails: then the push says why."""
    version = session.get(MessageVersion, waiting.message_version_id)
    try:
        writer = messages.writer_of(version.content if version else {})
        known = personal_facts(session, [waiting], now, tracking=tracking)[waiting.id]
        return writer.write(messages.spoken(known["language"], writer.languages), known)
    except (messages.RenderError, messages.BadTemplate):
        return ""


def _claim(session: Session, delivery_id: int, text: str, now: datetime) -> bool:
    claimed = session.scalar(
        update(Delivery)
        .where(
            Delivery.id == delivery_id, Delivery.state == DeliveryState.QUEUED, Delivery.chunk_id.is_(None)
        )
        # Why it waited so far is kept, for should LINE not take the reply.
        .values(state=DeliveryState.SENDING, first_attempt_at=now)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    if claimed is None:
        return False
    session.execute(delete(DeliveryBody).where(DeliveryBody.delivery_id == delivery_id))
    bulk.insert_columns(session, DeliveryBody, {"delivery_id": [delivery_id], "messages": [text]})
    return True


def bind(session: Session, rider: Rider, reply_id: int) -> None:
    """Write down which reply a message goes with."""
    bound = update(Delivery).where(Delivery.id == rider.delivery_id).values(carried_by=reply_id)
    session.execute(bound.execution_options(synchronize_session=False))
