"""Links that open the shop's chat on a friend's phone with a text ready to send."""

from urllib.parse import quote

LINK_MEMBER = "会員登録"
"""The word under which bot.line.handlers.keywords takes a link code."""


def prefilled(basic_id: str, text: str) -> str:
    """Return LINE's link for `text`; "" for a shop whose @id is not known."""
    return (
        f"https://line.me/R/oaMessage/{quote(basic_id, safe='')}/?{quote(text, safe='')}" if basic_id else ""
    )


def member_link(basic_id: str, code: str) -> str:
    """Return the link that sends a link code from the till."""
    return prefilled(basic_id, f"{LINK_MEMBER} {code}")
