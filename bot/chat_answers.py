"""A person answers in a friend's chat: by the friend's reply token while it lives, which is free, else by a push."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import chat_desk
from bot.line import outbox
from bot.line.outbox import Outgoing
from bot.line.ports import Answer, ConversationGateway
from bot.models import ChatState
from bot.services import Services
from scheduler import manual
from scheduler.models import Delivery, DeliveryKind, DeliveryState, Message, MessageVersion
from segments import conversations
from segments.errors import Conflict
from segments.models import Friend, Question

LEFT_TO_PEOPLE = (
    DeliveryState.FAILED,
    DeliveryState.SKIPPED,
    DeliveryState.UNCERTAIN,
    DeliveryState.CANCELLED,
)
"""Ends of an answer that somebody has to look at."""


@dataclass(frozen=True)
class Order:
    """What a person wants to say, and what they saw when they wrote it."""

    friend_id: int
    text: str
    by: str
    operator_id: int
    up_to: int
    """The newest question that the page showed: a later one stays on the list."""
    seen: int
    """The newest answer of a person that the page showed (`newest`): somebody may have answered since."""
    free_only: bool
    """The page said that it costs nothing: when it would, they are asked again."""


@dataclass(frozen=True)
class Sent:
    """The answer on its way."""

    delivery_id: int
    is_free: bool


def newest(session: Session, friend_id: int) -> int:
    """Return the id of the newest delivery that a person wrote to a friend; 0 when there is none."""
    by_people = (
        select(func.max(Delivery.id))
        .join(MessageVersion, MessageVersion.id == Delivery.message_version_id)
        .join(Message, Message.id == MessageVersion.message_id)
        .where(Delivery.friend_id == friend_id, Message.key.is_(None))
        .where(Delivery.kind.in_((DeliveryKind.MANUAL, DeliveryKind.REPLY)))
    )
    return session.scalar(by_people) or 0


def live_token(state: ChatState | None, now: datetime) -> str | None:
    """Return the reply token with which an answer would be free now."""
    if state is None or state.reply_token is None or state.reply_token_until is None:
        return None
    return state.reply_token if now <= state.reply_token_until else None


def send(services: Services, order: Order, now: datetime) -> Sent:
    """Answer, keep the conversation with people for a while, and take the friend's questions off the list.

    Raises NotFound (friend_unknown), Invalid (answer_missing, answer_too_long) or Conflict: answer_not_free (the
    reply token died), answered_meanwhile (a colleague was faster, or the button was pressed twice),
    answer_impossible (with its reason), reply_failed (LINE refused the free reply: nothing went out).
    """
    with services.database.begin() as session:
        sent, outgoing = _write(session, services, order, now)
    if outgoing is None:
        return sent
    assert isinstance(services.gateway, ConversationGateway)
    # Committed first: after a crash we know that a reply may have left, and never say it again by ourselves.
    outbox.send(services.gateway, services.database, [outgoing], services.clock.now())
    with services.database.begin() as session:
        state = _settle(session, sent.delivery_id, order, services.clock.now())
    if state is DeliveryState.FAILED:
        raise Conflict("reply_failed")
    return sent


def _write(session: Session, services: Services, order: Order, now: datetime) -> tuple[Sent, Outgoing | None]:
    state = chat_desk.state_of(session, order.friend_id)
    if newest(session, order.friend_id) > order.seen:
        raise Conflict("answered_meanwhile")
    token = live_token(state, now)
    if token is None and order.free_only:
        raise Conflict("answer_not_free")
    outgoing: Outgoing | None = None
    if token is None:
        delivery = manual.write(session, services.queue, order.friend_id, order.text, order.by, now)
        _close_questions(session, order, delivery.id, now)
    else:
        friend = session.get_one(Friend, order.friend_id)
        delivery, messages = manual.reply(session, friend, order.text, order.by, now, token)
        state.reply_token = state.reply_token_until = None
        outgoing = Outgoing(delivery.id, Answer(token, tuple(messages)))
    chat_desk.take_over(session, order.friend_id, order.operator_id, now)
    state.answer_delivery_id = delivery.id
    return Sent(delivery.id, token is not None), outgoing


def _settle(session: Session, delivery_id: int, order: Order, now: datetime) -> DeliveryState:
    """Close the questions once LINE has the reply; while that is not certain they stay on the list."""
    delivery = session.get_one(Delivery, delivery_id)
    if delivery.state is DeliveryState.ACCEPTED:
        _close_questions(session, order, delivery_id, now)
    if delivery.state is DeliveryState.FAILED:
        # Whoever wrote it is told at once, with the text still in their hands.
        chat_desk.state_of(session, order.friend_id).answer_delivery_id = None
    return delivery.state


def _close_questions(session: Session, order: Order, delivery_id: int, now: datetime) -> None:
    for question_id in open_questions(session, order.friend_id, order.up_to):
        if conversations.answer(session, question_id, order.by, now):
            session.get_one(Question, question_id).answer_delivery_id = delivery_id


def open_questions(session: Session, friend_id: int, up_to: int | None = None) -> list[int]:
    """Return the ids of a friend's unanswered questions, up to one if it is named."""
    theirs = select(Question.id).where(Question.friend_id == friend_id, Question.answered_at.is_(None))
    if up_to is not None:
        theirs = theirs.where(Question.id <= up_to)
    return list(session.scalars(theirs.order_by(Question.id)))


def close(session: Session, friend_id: int, up_to: int, by: str, now: datetime) -> int:
    """Note that a friend was answered some other way, or needs no answer; return how many questions that closed.

    Questions after `up_to` came while the page was open: nobody has seen them.
    """
    chat_desk.state_of(session, friend_id).answer_delivery_id = None
    closed = open_questions(session, friend_id, up_to)
    for question_id in closed:
        conversations.answer(session, question_id, by, now)
    return len(closed)
