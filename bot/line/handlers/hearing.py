"""Keeps what a friend sent in the chat history."""

from bot.line.turn import Turn
from segments import conversations
from segments.models import ChatMessage


def hear(turn: Turn, kind: str, text: str = "") -> ChatMessage | None:
    """Keep a message of a friend; None when they have taken it back already: then nothing is to be done."""
    unsent = turn.memory.was_taken_back(turn.event.line_message_id)
    message = conversations.heard(
        turn.session,
        turn.friend,
        kind=kind,
        text="" if unsent else text,
        content=None if unsent else turn.part("message"),
        line_message_id=turn.event.line_message_id,
        at=turn.at,
    )
    if not unsent:
        return message
    assert turn.event.line_message_id is not None
    conversations.unsend(turn.session, turn.event.line_message_id, turn.at)
    turn.event.raw = {
        **turn.event.raw,
        "message": {"id": turn.event.line_message_id, "type": "unsent"},
    }
    return None
