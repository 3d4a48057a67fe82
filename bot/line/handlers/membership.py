"""Linking the shop's member number to a friend, and taking it off again."""

from bot.line.handlers.asked import Asked
from bot.line.turn import Turn
from segments import members
from segments.errors import Conflict, Invalid


def link(turn: Turn, asked: Asked) -> None:
    """Link the number a code stands for, or ask for the code."""
    code = asked.params.get("code")
    if not code:
        turn.expect("member")
        turn.say("member_ask", linked=bool(turn.friend.member_number))
        return
    link_with(turn, code)


def link_with(turn: Turn, code: str) -> None:
    """Link by a one-time code; a wrong one is counted, so that nobody can try them all."""
    try:
        number = members.link(turn.session, turn.friend, code, turn.now)
    except (Invalid, Conflict) as refused:
        turn.say("member_refused", refusal=refused.code)
    else:
        turn.say("member_linked", number=number)


def unlink(turn: Turn, asked: Asked) -> None:
    """Take the number off."""
    try:
        members.unlink(turn.session, turn.friend, turn.now)
    except Invalid as refused:
        turn.say("member_refused", refusal=refused.code)
    else:
        turn.say("member_unlinked")
