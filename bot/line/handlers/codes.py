"""Codes typed by themselves: after the bot asked for one, or when nothing else can be meant."""

from bot.line.handlers.asked import Action
from bot.line.handlers.keywords import Understood
from bot.line.turn import Turn
from segments import members
from segments.codes import as_typed

EXPECTED = {"referral": Action.ENTER_REFERRAL, "member": Action.LINK_MEMBER}
SHORTEST, LONGEST = 6, 16


def awaited(turn: Turn, text: str) -> Understood:
    """Return what a text means that says nothing by itself."""
    if len(text) > LONGEST * 2:
        return Understood()
    code = as_typed(text)
    if not (SHORTEST <= len(code) <= LONGEST and code.isascii()):
        return Understood()
    action = _expected(turn)
    if action is None and members.looks_like_code(text) and any(letter.isdigit() for letter in code):
        # A word of eight letters is a word; with a figure in it, it is a code off a receipt.
        action = Action.LINK_MEMBER
    return Understood(action, code=code if action else None)


def _expected(turn: Turn) -> Action | None:
    state = turn.known_state()
    if state is None or state.expecting is None or state.expecting_until is None:
        return None
    if state.expecting_until < turn.now:
        return None
    return EXPECTED.get(state.expecting)
