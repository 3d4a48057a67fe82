"""Handing over to a person: no question is lost, and the bot does not talk into a conversation."""

from datetime import timedelta

from sqlalchemy import select

from bot.line.handlers.asked import Asked
from bot.line.turn import Turn
from segments import conversations
from segments.models import ChatMessage, Question

TOLD_FOR = timedelta(hours=1)
"""How long being told "a person will answer" lasts: it is not said again for each line."""


def staff(turn: Turn, asked: Asked) -> None:
    """The friend wants to talk to a person: from now on the bot answers keywords only."""
    put_before_one(turn, asked.message)
    state = turn.state()
    state.with_person_since = state.with_person_since or turn.at
    state.told_to_wait_at = turn.now
    turn.say("staff")


def bought(turn: Turn, asked: Asked) -> None:
    """The friend says they bought: a person looks it up."""
    put_before_one(turn, asked.message)
    turn.state().told_to_wait_at = turn.now
    turn.say("bought")


def hand_over(turn: Turn, message: ChatMessage) -> None:
    """Let what was asked by a button wait for a person; whoever taps is answered each time."""
    put_before_one(turn, message)
    turn.state().told_to_wait_at = turn.now
    turn.say("waiting")


def wait_for_one(turn: Turn, message: ChatMessage) -> None:
    """What the bot cannot answer waits for a person, and the friend is told so, once an hour."""
    quiet = is_with_one(turn) or was_told_lately(turn)
    put_before_one(turn, message)
    if quiet:
        return
    turn.state().told_to_wait_at = turn.now
    turn.say("waiting")


def put_before_one(turn: Turn, message: ChatMessage) -> None:
    """Let a message wait for a person."""
    turn.is_for_a_person = True
    conversations.ask(turn.session, turn.friend, message, turn.at)


def is_with_one(turn: Turn) -> bool:
    """Tell whether a person has the conversation: they took it over, or a question is open since one was asked for."""
    state = turn.known_state()
    if is_held(turn):
        return True
    since = None if state is None else state.with_person_since
    if state is None or since is None:
        return False
    open_since = select(Question.id).where(
        Question.friend_id == turn.friend.id, Question.answered_at.is_(None), Question.asked_at >= since
    )
    if turn.session.scalars(open_since.limit(1)).first() is not None:
        return True
    state.with_person_since = None
    return False


def is_held(turn: Turn) -> bool:
    """Tell whether a person of the shop writes to this friend just now: the bot does not talk into it."""
    state = turn.known_state()
    return state is not None and state.held_until is not None and turn.now < state.held_until


def was_told_lately(turn: Turn) -> bool:
    """Tell whether the friend knows already that a person will answer, and still waits for it."""
    state = turn.known_state()
    told = None if state is None else state.told_to_wait_at
    return told is not None and turn.now - told < TOLD_FOR and _waits(turn)


def _waits(turn: Turn) -> bool:
    waiting = select(Question.id).where(Question.friend_id == turn.friend.id, Question.answered_at.is_(None))
    return turn.session.scalars(waiting.limit(1)).first() is not None
