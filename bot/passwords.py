"""Passwords: what is accepted, how they are kept, how a one-time one is made."""

import secrets
from functools import cache
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from segments.errors import Invalid

MIN_LENGTH = 10
MAX_LENGTH = 200
"""Hashing takes longer for longer words: nobody may have us hash a book."""
CLEAR_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look alike when they are copied from a screen: i, l, o, 0, 1."""
COMMON_STEMS = (
    "password", "passw0rd", "qwerty", "asdfgh", "zxcvbn", "letmein", "welcome", "iloveyou", "admin",
    "administrator", "kokyaku", "linebot", "abcdef", "abcdefghij", "abc123", "1q2w3e4r", "1qaz2wsx",
    "qazwsx", "monkey", "dragon", "sunshine", "princess", "football", "baseball", "sakura", "doraemon",
    "pokemon", "konnichiwa", "arigatou", "aishiteru", "himitsu", "tomodachi", "nippon", "changeme", "secret",
)  # fmt: skip

# The second of the settings OWASP recommends: 19 MiB and about 25 ms, so that a burst of tries starves nobody.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def one_time() -> str:
    """Return a password to be changed at the first log-in: 15 letters, 74 bits, easily copied."""
    letters = "".join(secrets.choice(CLEAR_LETTERS) for _ in range(15))
    return "-".join(letters[start : start + 5] for start in range(0, 15, 5))


def check(password: str, login: str) -> None:
    """Raise Invalid (password_short, password_long, password_common, password_login) for a weak password."""
    if len(password) < MIN_LENGTH:
        raise Invalid("password_short", minimum=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        raise Invalid("password_long", maximum=MAX_LENGTH)
    if login and login.casefold() in password.casefold():
        raise Invalid("password_login")
    if _is_common(password.casefold()):
        raise Invalid("password_common")


def _is_common(folded: str) -> bool:
    if len(set(folded)) < 5 or _is_run(folded):
        return True
    # A well-known word stays well known with digits and signs around it, or said twice.
    rest = folded.strip("0123456789!?@#$%&*_-.+ ")
    return not rest or any(not rest.replace(stem, "") for stem in COMMON_STEMS)


def _is_run(folded: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in pairwise(folded)}
    return steps in ({1}, {-1}, {0})


def hashed(password: str) -> str:
    """Return the argon2id hash to keep."""
    return _hasher.hash(password)


@cache
def hash_of_nobody() -> str:
    """Return a hash that no password fits, for the work of checking a login that does not exist."""
    return _hasher.hash(secrets.token_urlsafe(32))


def proves(password_hash: str, password: str) -> bool:
    """Return whether `password` is the one behind `password_hash`; takes as long when it is not."""
    try:
        return _hasher.verify(password_hash, password[:MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False


def outdated(password_hash: str) -> bool:
    """Return whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)
