"""Which addresses a preview may link to or load a picture from."""

import re
from urllib.parse import urlsplit

from bot import picture_addresses

_LINK = re.compile(r"""(https?://[^\s<>"'、。）」]+)""")
"""Addresses in a text, as they end before Japanese punctuation."""
LINK_SCHEMES = frozenset({"https", "tel", "mailto", "line"})
PLACEHOLDER_HOST = "example.com"
"""Where the made-up friend's pictures lie: nothing is there, so a drawing of ours stands for them."""


def safe_link(url: object) -> str:
    """Return an address a preview may link to, "" for any other."""
    text = str(url or "")
    try:
        return text if urlsplit(text).scheme.lower() in LINK_SCHEMES else ""
    except ValueError:
        return ""


def words(text: object) -> list[tuple[str, str]]:
    """Return a text in its parts, each with where it leads: "" for words, an address for what a phone makes a link of."""
    return [
        (part, safe_link(part) if place % 2 else "")
        for place, part in enumerate(_LINK.split(str(text or "")))
        if part
    ]


def picture(url: object) -> str:
    """Return the address of a picture, "" when it is none that LINE would load, `placeholder` for the made-up one."""
    try:
        parts = urlsplit(str(url or ""))
    except ValueError:
        return ""
    if parts.scheme != "https" or not parts.hostname:
        return ""
    return "placeholder" if parts.hostname == PLACEHOLDER_HOST else picture_addresses.on_page(str(url))
