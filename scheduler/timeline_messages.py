"""What of a friend's timeline was said: the chat, what we sent or did not send, and taps on its links."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from scheduler.models import (
    Broadcast,
    Decision,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Message,
    MessageVersion,
    Scenario,
    Step,
)
from scheduler.timeline_entries import Entry, Sort, Source, What, source
from segments.models import ChatMessage, Link, LinkTap

SENT = (DeliveryState.ACCEPTED, DeliveryState.QUEUED, DeliveryState.SENDING)

_DONE_AT = func.coalesce(Delivery.ended_at, Delivery.created_at)

_IN_CHAT = and_(
    Delivery.kind.in_([DeliveryKind.REPLY, DeliveryKind.MANUAL]), Delivery.state == DeliveryState.ACCEPTED
)

_DELIVERIES = (
    select(
        _DONE_AT.label("at"),
        Delivery,
        Broadcast.name.label("broadcast"),
        Message.name.label("message"),
        Scenario.name.label("scenario"),
        Scenario.name_en.label("scenario_en"),
    )
    .outerjoin(Broadcast, Broadcast.id == Delivery.broadcast_id)
    .outerjoin(MessageVersion, MessageVersion.id == Delivery.message_version_id)
    .outerjoin(Message, Message.id == MessageVersion.message_id)
    .outerjoin(Step, Step.id == Delivery.step_id)
    .outerjoin(Scenario, Scenario.id == Step.scenario_id)
)


def _deliveries(session: Session, friend_id: int, upto: datetime | None, limit: int) -> list[Entry]:
    """Return messages of ours; those that the chat holds word by word are told there."""
    mine = _DELIVERIES.where(Delivery.friend_id == friend_id, ~_IN_CHAT)
    if upto is not None:
        mine = mine.where(upto >= _DONE_AT)
    rows = session.execute(mine.order_by(_DONE_AT.desc(), Delivery.id.desc()).limit(limit))
    return [
        Entry(
            row.at,
            Sort.MESSAGES if row.Delivery.state in SENT else Sort.NOT_SENT,
            What.DELIVERY,
            row,
        )
        for row in rows
    ]


_DECISIONS = (
    select(
        Decision.at,
        Decision,
        Broadcast.name.label("broadcast"),
        Scenario.name.label("scenario"),
        Scenario.name_en.label("scenario_en"),
        Step.name.label("step"),
    )
    .outerjoin(Broadcast, Broadcast.id == Decision.broadcast_id)
    .outerjoin(Step, Step.id == Decision.step_id)
    .outerjoin(Scenario, Scenario.id == Step.scenario_id)
    # A broadcast's refusal stands in its delivery, which is told already.
    .where(or_(Decision.until.is_not(None), Decision.broadcast_id == 0))
)

MESSAGE_SOURCES: Sequence[Source] = (
    source(
        Sort.MESSAGES,
        What.SAID,
        ChatMessage.at,
        select(ChatMessage.at, ChatMessage),
        ChatMessage.friend_id,
        ChatMessage.id.desc(),
    ),
    Source(frozenset({Sort.MESSAGES, Sort.NOT_SENT}), _deliveries),
    source(
        Sort.NOT_SENT,
        What.DECISION,
        Decision.at,
        _DECISIONS,
        Decision.friend_id,
        Decision.rule,
        Decision.broadcast_id,
        Decision.enrolment_id,
        Decision.step_id,
    ),
    source(
        Sort.TAPS,
        What.TAP,
        LinkTap.at,
        select(LinkTap.at, Link.name, Link.url).join(Link, Link.id == LinkTap.link_id),
        LinkTap.friend_id,
        LinkTap.id.desc(),
    ),
)
"""What was said, by us or by them."""
