"""The shop's site linked an account with LINE's own account linking."""

from bot.line.handlers import membership
from bot.line.turn import Turn


def linked(turn: Turn) -> None:
    """Link the member number whose one-time code the site gave as the nonce."""
    link = turn.part("link")
    nonce = link.get("nonce")
    if link.get("result") == "ok" and isinstance(nonce, str) and nonce:
        membership.link_with(turn, nonce)
    else:
        turn.say("member_refused", refusal="link_failed")
