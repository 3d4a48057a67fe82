"""The entries of a conversation: messages, notes, what we sent, and what became of each answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import chat_answers
from bot.actors import actor_name
from bot.console.inbox_sent import PAGE, Sent, Span, sent_in
from scheduler.models import DeliveryKind, DeliveryState
from segments.models import ChatMessage, Direction, FriendNote

IN, OUT, NOTE, CAMPAIGN = "in", "out", "note", "campaign"
PICTURED = ("image", "video")
_CAMPAIGNS = (DeliveryKind.BROADCAST, DeliveryKind.STEP)


@dataclass(frozen=True)
class Item:
    """One entry of the conversation."""

    key: str
    side: str
    """`in`, `out`, `note` (of the shop's people) or `campaign` (a broadcast or a step of a scenario)."""
    kind: str
    at: datetime
    text: str
    content: dict[str, Any]
    who: str = ""
    """Who of the shop wrote it; "" for the friend and for the bot."""
    state: DeliveryState | None = None
    reason: str | None = None
    free: bool = False
    unsent: bool = False
    message_id: int = 0
    has_picture: bool = False
    waits: bool = False
    """Whether it is a question that nobody has answered."""
    to_decide: int = 0
    """The delivery that a person must decide about; 0 when there is nothing to decide."""
    delivery_id: int = 0
    """Of a campaign: its words stand on a page of their own."""


def items_of(
    session: Session,
    friend_id: int,
    messages: Sequence[ChatMessage],
    span: Span,
    asked: set[int | None],
    undecided: int,
) -> Sequence[Item]:
    """Return the entries between some messages of a page, the oldest first."""
    sent = {each.id: each for each in sent_in(session, friend_id, messages, span)}
    known = {message.delivery_id for message in messages}
    items = [_said(message, sent.get(message.delivery_id or 0), asked, undecided) for message in messages]
    items += [_pending(each, undecided) for each in sent.values() if each.by_person and each.id not in known]
    items += [_campaign(each) for each in sent.values() if each.kind in _CAMPAIGNS]
    items += _notes(session, friend_id, span)
    return sorted(items, key=lambda item: item.at)


def _said(message: ChatMessage, sent: Sent | None, asked: set[int | None], undecided: int) -> Item:
    by_person = sent is not None and sent.by_person
    return Item(
        key=f"m{message.id}",
        side=IN if message.direction is Direction.IN else OUT,
        kind=message.kind,
        at=message.at,
        text=message.text,
        content=message.content or {},
        who=(sent.by or "") if sent and by_person else "",
        state=sent.state if sent and by_person else None,
        reason=sent.reason if sent and by_person else None,
        free=sent is not None and sent.kind is DeliveryKind.REPLY,
        unsent=message.unsent_at is not None,
        message_id=message.id,
        has_picture=message.kind in PICTURED and not message.unsent_at,
        waits=message.id in asked,
        to_decide=_to_decide(sent, undecided),
    )


def _pending(sent: Sent, undecided: int) -> Item:
    return Item(
        key=f"d{sent.id}",
        side=OUT,
        kind="text",
        at=sent.at,
        text=sent.text,
        content={},
        who=sent.by or "",
        state=sent.state,
        reason=sent.reason,
        free=sent.kind is DeliveryKind.REPLY,
        to_decide=_to_decide(sent, undecided),
    )


def _to_decide(sent: Sent | None, undecided: int) -> int:
    left = sent is not None and sent.id == undecided and sent.state in chat_answers.LEFT_TO_PEOPLE
    return undecided if left else 0


def _campaign(sent: Sent) -> Item:
    return Item(
        key=f"d{sent.id}",
        side=CAMPAIGN,
        kind=sent.kind.value,
        at=sent.at,
        text=sent.broadcast or sent.message or "",
        content={},
        state=sent.state,
        reason=sent.reason,
        delivery_id=sent.id,
    )


def _notes(session: Session, friend_id: int, span: Span) -> list[Item]:
    since, until = span
    wanted = select(FriendNote).where(FriendNote.friend_id == friend_id)
    wanted = wanted.where(FriendNote.at >= since) if since else wanted
    wanted = wanted.where(FriendNote.at <= until) if until else wanted
    notes = session.scalars(wanted.order_by(FriendNote.at.desc()).limit(PAGE)).all()
    names = {by: actor_name(session, by) for by in {note.by for note in notes}}
    return [Item(f"n{note.id}", NOTE, "note", note.at, note.text, {}, names[note.by]) for note in notes]
