"""One conversation as the inbox shows it: messages, notes, what we sent, and what became of each answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from bot import chat_answers, chat_desk
from bot.actors import actor_name
from bot.models import ChatState, Operator
from scheduler import manual, meter, plan_settings, plans
from scheduler.models import (
    Broadcast,
    Delivery,
    DeliveryBody,
    DeliveryKind,
    DeliveryState,
    Message,
    MessageVersion,
)
from segments.errors import NotFound
from segments.models import ChatMessage, Direction, Friend, FriendNote, Question

PAGE = 50
IN, OUT, NOTE, CAMPAIGN = "in", "out", "note", "campaign"
PICTURED = ("image", "video")


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


@dataclass(frozen=True)
class Cost:
    """What sending now takes."""

    free_until: datetime | None
    yen: int | None
    """Yen for one more message; 0 while the plan still includes it, None when the plan sells no more."""
    refusal: str | None
    """Why nothing can be sent; None when something can."""


@dataclass(frozen=True)
class Thread:
    """A friend's conversation and how it stands."""

    friend: Friend
    items: Sequence[Item]
    older: int | None
    """The message before which older ones start; None when all are shown."""
    held_until: datetime | None
    asked_for_person: bool
    assigned_to: int | None
    assigned_name: str
    cost: Cost
    newest_answer: int
    newest_question: int
    open_questions: int
    others: Sequence[str]
    undecided: bool


def thread(
    session: Session, friend_id: int, operator_id: int, now: datetime, before: int | None = None
) -> Thread:
    """Return a conversation. Raises NotFound (friend_unknown)."""
    friend = session.get(Friend, friend_id)
    if friend is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    state = session.get(ChatState, friend_id)
    messages, older = _messages(session, friend_id, before)
    since = messages[0].at if messages and older else None
    until = messages[-1].at if messages and before else None
    questions = _open_questions(session, friend_id)
    undecided = state.answer_delivery_id if state else None
    items = _items(session, friend_id, messages, (since, until), set(questions.values()), undecided or 0)
    holder = session.get(Operator, state.assigned_to_id) if state and state.assigned_to_id else None
    return Thread(
        friend=friend,
        items=items,
        older=older,
        held_until=state.held_until if state and state.held_until and state.held_until > now else None,
        asked_for_person=bool(state and state.with_person_since and questions),
        assigned_to=holder.id if holder else None,
        assigned_name=(holder.name or holder.login) if holder else "",
        cost=cost(session, friend_id, state, now),
        newest_answer=chat_answers.newest(session, friend_id),
        newest_question=max(questions, default=0),
        open_questions=len(questions),
        others=chat_desk.others_looking(session, friend_id, operator_id, now),
        undecided=any(item.to_decide for item in items),
    )


def cost(session: Session, friend_id: int, state: ChatState | None, now: datetime) -> Cost:
    """Return what one message to a friend takes at this moment, and whether it can go at all."""
    if chat_answers.live_token(state, now) is not None:
        assert state is not None
        return Cost(state.reply_token_until, 0, None)
    refused = manual.refusal(session, friend_id, now) or meter.refusal(session, now)
    plan, used = plan_settings.plan_of(session), meter.read(session, now).taken
    most = plans.most_messages(plan)
    if most is not None and used >= most:
        return Cost(None, None, refused)
    extra = plans.extra_cost(plan, used + 1) - plans.extra_cost(plan, used)
    return Cost(None, max(0, -int(-extra // 1)), refused)


def _messages(session: Session, friend_id: int, before: int | None) -> tuple[list[ChatMessage], int | None]:
    """Return a page of messages, the oldest first, and the id before which older ones start."""
    wanted = select(ChatMessage).where(ChatMessage.friend_id == friend_id)
    edge = session.get(ChatMessage, before) if before else None
    if edge is not None:
        earlier = and_(ChatMessage.at == edge.at, ChatMessage.id < edge.id)
        wanted = wanted.where(or_(ChatMessage.at < edge.at, earlier))
    newest_first = wanted.order_by(ChatMessage.at.desc(), ChatMessage.id.desc()).limit(PAGE + 1)
    found = list(session.scalars(newest_first))
    shown = found[:PAGE][::-1]
    return shown, shown[0].id if len(found) > PAGE else None


def _open_questions(session: Session, friend_id: int) -> dict[int, int | None]:
    """Return the friend's open questions with the messages they were asked in."""
    theirs = select(Question.id, Question.message_id).where(
        Question.friend_id == friend_id, Question.answered_at.is_(None)
    )
    return {row.id: row.message_id for row in session.execute(theirs)}


_Span = tuple[datetime | None, datetime | None]


def _items(
    session: Session,
    friend_id: int,
    messages: Sequence[ChatMessage],
    span: _Span,
    asked: set[int | None],
    undecided: int,
) -> Sequence[Item]:
    sent = {each.id: each for each in _deliveries(session, friend_id, messages, span)}
    known = {message.delivery_id for message in messages}
    items = [_said(message, sent.get(message.delivery_id or 0), asked, undecided) for message in messages]
    items += [_pending(each, undecided) for each in sent.values() if each.by_person and each.id not in known]
    items += [_campaign(each) for each in sent.values() if each.kind in _CAMPAIGNS]
    items += _notes(session, friend_id, span)
    return sorted(items, key=lambda item: item.at)


_CAMPAIGNS = (DeliveryKind.BROADCAST, DeliveryKind.STEP)


@dataclass(frozen=True)
class _Sent:
    """A delivery with the names that belong to it."""

    id: int
    kind: DeliveryKind
    state: DeliveryState
    reason: str | None
    at: datetime
    broadcast: str | None
    message: str | None
    key: str | None
    by: str | None
    body: Any
    content: Any

    @property
    def by_person(self) -> bool:
        return (
            self.key is None
            and self.by is not None
            and self.kind in (DeliveryKind.MANUAL, DeliveryKind.REPLY)
        )

    @property
    def text(self) -> str:
        """What a person wrote: as it went out, or as it is to go out."""
        if self.body:
            return str(self.body[0].get("text", ""))
        stored = self.content["ja"][0]["text"] if self.content else ""
        return str(stored).replace(manual.LITERAL_BRACE, "{")


def _deliveries(
    session: Session, friend_id: int, messages: Sequence[ChatMessage], span: _Span
) -> list[_Sent]:
    since, until = span
    named = [message.delivery_id for message in messages if message.delivery_id is not None]
    here = [Delivery.friend_id == friend_id]
    here += [Delivery.created_at >= since] if since else []
    here += [Delivery.created_at <= until] if until else []
    wanted = (
        select(
            Delivery.id,
            Delivery.kind,
            Delivery.state,
            Delivery.reason,
            Delivery.created_at,
            Broadcast.name,
            Message.name,
            Message.key,
            MessageVersion.created_by,
            DeliveryBody.messages,
            MessageVersion.content,
        )
        .outerjoin(Broadcast, Broadcast.id == Delivery.broadcast_id)
        .outerjoin(MessageVersion, MessageVersion.id == Delivery.message_version_id)
        .outerjoin(Message, Message.id == MessageVersion.message_id)
        .outerjoin(DeliveryBody, DeliveryBody.delivery_id == Delivery.id)
        .order_by(Delivery.created_at.desc(), Delivery.id.desc())
    )
    # By friend and moment, and by id: two lookups in an index each, which one OR would keep the planner from.
    lately = [
        _Sent(*row)
        for row in session.execute(
            wanted.where(*here)
            .where(or_(Delivery.kind == DeliveryKind.MANUAL, Delivery.state.in_(_SHOWN)))
            .limit(PAGE * 2)
        )
    ]
    missing = set(named) - {each.id for each in lately}
    if missing:
        lately += [_Sent(*row) for row in session.execute(wanted.where(Delivery.id.in_(missing)))]
    return lately


_SHOWN = (DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN, DeliveryState.SENDING, DeliveryState.FAILED)


def _said(message: ChatMessage, sent: _Sent | None, asked: set[int | None], undecided: int) -> Item:
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


def _pending(sent: _Sent, undecided: int) -> Item:
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


def _to_decide(sent: _Sent | None, undecided: int) -> int:
    left = sent is not None and sent.id == undecided and sent.state in chat_answers.LEFT_TO_PEOPLE
    return undecided if left else 0


def _campaign(sent: _Sent) -> Item:
    return Item(
        key=f"d{sent.id}",
        side=CAMPAIGN,
        kind=sent.kind.value,
        at=sent.at,
        text=sent.broadcast or sent.message or "",
        content={},
        state=sent.state,
        reason=sent.reason,
    )


def _notes(session: Session, friend_id: int, span: _Span) -> list[Item]:
    since, until = span
    wanted = select(FriendNote).where(FriendNote.friend_id == friend_id)
    wanted = wanted.where(FriendNote.at >= since) if since else wanted
    wanted = wanted.where(FriendNote.at <= until) if until else wanted
    notes = session.scalars(wanted.order_by(FriendNote.at.desc()).limit(PAGE)).all()
    names = {by: actor_name(session, by) for by in {note.by for note in notes}}
    return [Item(f"n{note.id}", NOTE, "note", note.at, note.text, {}, names[note.by]) for note in notes]
