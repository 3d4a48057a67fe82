"""Buttons that put a tag on whoever taps them: postback data `action=tag&name=…`."""

from bot.line.turn import Turn
from segments import tags
from segments.errors import Invalid

ACTION = "tag"
BY = "tap"


def tag(turn: Turn, name: str) -> bool:
    """Put the tag on the friend; False when the button names none. Nothing is said: the message had the button."""
    try:
        tags.tag(turn.session, turn.friend.id, name, turn.at, BY)
    except Invalid:
        return False
    return True
