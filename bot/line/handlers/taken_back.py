"""A friend takes a message back: what it said is deleted wherever we kept it."""

from sqlalchemy import select

from bot.line.turn import Turn
from bot.models import InboundEvent
from segments import conversations


def unsend(turn: Turn) -> None:
    """Delete text and content from the chat and from the stored event."""
    message_id = turn.event.line_message_id
    if message_id is None:
        return
    conversations.unsend(turn.session, message_id, turn.at)
    stored = select(InboundEvent).where(
        InboundEvent.line_message_id == message_id, InboundEvent.kind == "message"
    )
    for event in turn.session.scalars(stored):
        event.raw = {**event.raw, "message": {"id": message_id, "type": "unsent"}}
