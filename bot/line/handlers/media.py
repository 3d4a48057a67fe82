"""Stickers, pictures and everything else that is not text."""

from typing import Any

from bot.line.handlers import persons
from bot.line.handlers.hearing import hear
from bot.line.turn import Turn

KIND_LENGTH = 16
SMALL_TALK = "sticker"


def kind_of(message: dict[str, Any]) -> str:
    """Return LINE's message type; a malformed message has none."""
    kind = message.get("type")
    return kind[:KIND_LENGTH] if isinstance(kind, str) and kind else "unknown"


def medium(turn: Turn) -> None:
    """Keep it. A sticker is small talk; anything else is something a person should look at."""
    message = hear(turn, kind_of(turn.part("message")))
    if message is None:
        return
    if message.kind != SMALL_TALK:
        persons.wait_for_one(turn, message)
    elif persons.is_with_one(turn):
        persons.put_before_one(turn, message)
    elif not persons.was_told_lately(turn):
        turn.say("sticker")
