"""The shapes of LINE's identifiers, and how new ones are made."""

import hashlib
import re
import secrets
import uuid

USER_ID = re.compile(r"U[0-9a-f]{32}")
CHAT_ID = re.compile(r"[UCR][0-9a-f]{32}")
UNIT_NAME = re.compile(r"[a-zA-Z0-9_]{1,30}")
RETRY_KEY = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
ALIAS_ID = re.compile(r"[a-z0-9_-]{1,32}")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FIRST_MESSAGE_ID = 500_000_000_000_000_000


def user_id(seed: int, number: int) -> str:
    """The n-th simulated person; the same seed gives the same people."""
    return "U" + hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()[:32]


def group_id(seed: int, number: int) -> str:
    """The n-th simulated group chat."""
    return "C" + hashlib.sha256(f"group:{seed}:{number}".encode()).hexdigest()[:32]


def message_id(number: int) -> str:
    """Eighteen digits, rising."""
    return str(_FIRST_MESSAGE_ID + number)


def request_id() -> str:
    """The value of x-line-request-id."""
    return str(uuid.uuid4())


def event_id(instant_ms: int) -> str:
    """A ULID: 48 bits of milliseconds, 80 bits of chance, 26 characters."""
    number = (instant_ms << 80) | secrets.randbits(80)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def token(length: int = 32) -> str:
    """An unguessable token: reply, link, quote and access tokens."""
    return secrets.token_hex(length // 2 + 1)[:length]


def rich_menu_id() -> str:
    """richmenu- and 32 hexadecimal digits."""
    return "richmenu-" + secrets.token_hex(16)


def digest(text: str) -> str:
    """A short fingerprint of a body, to tell same from different."""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
