"""The friend's member card, linking the shop's member number to them, and taking it off again."""

from bot.line.handlers.asked import Asked
from bot.line.turn import Turn
from segments import member_cards, members
from segments.errors import Conflict, Invalid


def card(turn: Turn, asked: Asked) -> None:
    """Show the code by which the till knows the friend; as a picture too where phones can reach us."""
    code = member_cards.code_of(turn.session, turn.friend.id, turn.now)
    reachable = turn.tracking is not None and turn.tracking.public_url.startswith("https://")
    address = turn.tracking.public_url.rstrip("/") if reachable and turn.tracking else ""
    picture = f"{address}/member-card/{code}.png" if address else ""
    turn.say("card", code=member_cards.shown(code), picture=picture)


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
