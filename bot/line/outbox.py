"""Replies of a batch: written with the batch, sent side by side after it, their outcome recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.line import answers
from bot.line.ports import Answer, ConversationGateway
from bot.line.turn import Turn
from scheduler import replies, replies_of_many, reply_carry, reply_settling
from scheduler.replies_of_many import NewReply
from scheduler.reply_carry import Rider
from segments.db import Database

TOKEN_LIFE = timedelta(seconds=50)
"""LINE gives a reply token one minute from the webhook; the rest is left for the way there."""
HASTE = timedelta(seconds=10)
"""What has less life left than this is not hurried any more: it would hardly arrive."""
EVENT_LIFE = timedelta(minutes=20)
"""A redelivered event's token is dead 20 minutes after the event itself."""
EXPIRED = "reply_token_expired"


@dataclass(frozen=True)
class Outgoing:
    """One reply on its way."""

    delivery_id: int
    answer: Answer
    carries: bool = False
    """Whether a message that waited goes with it."""


def write(turns: Sequence[Turn]) -> list[Outgoing]:
    """Write down the replies of turns of different friends; return those that can go out.

    With a token that is certainly dead the reply is written as failed: pushing it instead could double it.
    """
    answered = [(turn, reply) for turn in turns if (reply := _reply(turn)) is not None]
    if not answered:
        return []
    one = turns[0]
    ids = replies_of_many.write(one.session, [reply for _turn, reply in answered], one.now)
    return [
        _outgoing(turn, reply, ids[reply.friend_id]) for turn, reply in answered if reply.hopeless is None
    ]


def _reply(turn: Turn) -> NewReply | None:
    """Return what is to be said; None when there is nothing to say or no way to say it."""
    token, messages = turn.reply_token, turn.reply()
    if token is not None and not messages and turn.is_for_a_person:
        _leave_to_a_person(turn, token)
    if token is None or not messages:
        return None
    hopeless = EXPIRED if _is_dead(turn) else None
    return NewReply(turn.friend.id, messages, token, turn.message_version_id, hopeless)


def _outgoing(turn: Turn, reply: NewReply, delivery_id: int) -> Outgoing:
    rider, messages = _rider(turn), reply.messages
    if rider is not None:
        reply_carry.bind(turn.session, rider, delivery_id)
        messages = answers.with_menu([*turn.spoken, *rider.messages], turn.friend.language)
    return Outgoing(delivery_id, Answer(reply.reply_token, tuple(messages)), rider is not None)


def _rider(turn: Turn) -> Rider | None:
    """Take a message along that waits for the friend; not where it would hide buttons, or a person is to answer."""
    if turn.is_for_a_person or not turn.memory.is_waited_for(turn.friend.id):
        return None
    if "quickReply" in turn.spoken[-1]:
        return None
    room = answers.MESSAGES_MOST - len(turn.spoken)
    return reply_carry.take_one(turn.session, turn.friend.id, room, turn.now, turn.tracking)


def _leave_to_a_person(turn: Turn, token: str) -> None:
    """Keep a token the bot has no use for: who answers from the console while it lives answers for nothing."""
    if _is_dead(turn):
        return
    state = turn.state()
    state.reply_token, state.reply_token_until = token, _dies_at(turn)


def _is_dead(turn: Turn) -> bool:
    return turn.now > _dies_at(turn)


def _dies_at(turn: Turn) -> datetime:
    return min(turn.event.received_at + TOKEN_LIFE, turn.event.occurred_at + EVENT_LIFE)


def send(gateway: ConversationGateway, database: Database, batch: Sequence[Outgoing], now: datetime) -> None:
    """Send every reply once, with no transaction open, and record what became of each."""
    if not batch:
        return
    outcomes = gateway.reply_many([outgoing.answer for outgoing in batch])
    said = [(outgoing.delivery_id, outcome) for outgoing, outcome in zip(batch, outcomes, strict=True)]
    with database.begin() as session:
        replies.record_replies(session, said, now)
        if carrying := [outgoing.delivery_id for outgoing in batch if outgoing.carries]:
            reply_settling.settle(session, now, carrying)
