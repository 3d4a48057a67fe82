"""Referrals in chat: one's own code to share, somebody else's to enter."""

from bot.line.handlers.asked import Asked
from bot.line.turn import Turn
from segments import referrals
from segments.errors import Invalid


def my_code(turn: Turn, asked: Asked) -> None:
    """Show the friend's own code with a button to share it."""
    turn.say("referral")


def enter(turn: Turn, asked: Asked) -> None:
    """Take down who brought the friend here, or ask for the code."""
    code = asked.params.get("code")
    if not code:
        turn.expect("referral")
        turn.say("referral_ask")
        return
    try:
        referrals.enter(turn.session, turn.friend, code, turn.at)
    except Invalid as refused:
        turn.say("referral_refused", refusal=refused.code)
    else:
        turn.say("referral_entered")
