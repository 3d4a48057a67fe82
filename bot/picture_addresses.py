"""Where pictures of our own are: in stored messages under a name that never changes, on the wire at the shop's own address.

The stored name lies under `.invalid`, which nobody can own (RFC 2606). It is replaced when a message leaves, so that a
message written before the shop had its public address, or before it moved, goes out right.
"""

import re

from bot.models import PictureSize
from bot.settings import Settings

HOST = "pictures.kokyaku.invalid"
STORED = f"https://{HOST}/"
PATH = "/p/"
FILE = re.compile(r"(full|card|small)\.(jpg|png)")
TYPES = {"jpg": "image/jpeg", "png": "image/png"}
_TOKENS = re.compile(re.escape(STORED) + r"([A-Za-z0-9_-]{16,64})/")
_OWN = re.compile(_TOKENS.pattern + FILE.pattern)
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 — read, not bound to
_LARGE, _IN_CHATS = f"/{PictureSize.FULL}.", f"/{PictureSize.CARD}."


def stored(token: str, kind: str, size: PictureSize = PictureSize.CARD) -> str:
    """Return the address of a picture as messages keep it."""
    return f"{STORED}{token}/{size}.{kind}"


def token_of(address: str) -> str | None:
    """Return which picture of ours an address is of; None for any other address."""
    found = _OWN.fullmatch(address)
    return found[1] if found else None


def tokens_in(text: str) -> set[str]:
    """Return all pictures of ours that a text names."""
    return set(_TOKENS.findall(text))


def on_page(address: str) -> str:
    """Return where a page of ours finds the picture of an address; other addresses stay as they are."""
    return PATH + address.removeprefix(STORED) if address.startswith(STORED) else address


def whole(address: str) -> str:
    """Return the address of the largest size of a picture; other addresses stay as they are."""
    return address.replace(_IN_CHATS, _LARGE) if token_of(address) else address


def place(settings: Settings) -> str:
    """Return what stands before the token in public: the shop's address, or this machine's as long as it has none."""
    if settings.public_url or settings.host not in _EVERYWHERE:
        return settings.base_url + PATH
    return f"http://{_EVERYWHERE[settings.host]}:{settings.port}{PATH}"


def public(address: str, settings: Settings) -> str:
    """Return where everybody finds the picture of a stored address."""
    return address.replace(STORED, place(settings))


def kept(address: str, settings: Settings) -> str:
    """Return an address as messages keep it: a public one of ours is no other than the stored one."""
    ours = place(settings)
    return STORED + address.removeprefix(ours) if address.startswith(ours) else address
