"""The code by which the till knows a friend: shown in chat, read aloud or scanned; nobody can make up another's.

It is the friend's number with a check that only this shop can make, so that no code has to be stored for each friend.
"""

import hashlib
import hmac
import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from segments.codes import ALPHABET, as_typed
from segments.models import Friend, Setting
from segments.upsert import insert_ignore

SETTING = "card_secret"
CHECK = 5
"""Letters that prove the number: 29^5 are twenty million, and only staff can try."""
SHORTEST, LONGEST = 4 + CHECK, 14 + CHECK
_DIGITS = 4
_PLACE = {letter: place for place, letter in enumerate(ALPHABET)}


def code_of(session: Session, friend_id: int, now: datetime) -> str:
    """Return a friend's code; the shop's secret is made with the first one."""
    number = _letters(friend_id)
    return number + _check(_secret(session, now), number)


def shown(code: str) -> str:
    """Return a code in two groups, as people read it."""
    return f"{code[:-CHECK]}-{code[-CHECK:]}"


def friend_of(session: Session, typed: str) -> int | None:
    """Return whose code was typed or scanned; None when it is nobody's."""
    code = as_typed(typed)
    kept = session.get(Setting, SETTING)
    if kept is None or not SHORTEST <= len(code) <= LONGEST or not set(code) <= _PLACE.keys():
        return None
    number, check = code[:-CHECK], code[-CHECK:]
    if not hmac.compare_digest(check, _check(kept.value["secret"], number)):
        return None
    friend_id = _number(number)
    return friend_id if session.get(Friend, friend_id) is not None else None


def _secret(session: Session, now: datetime) -> str:
    kept = session.get(Setting, SETTING)
    if kept is None:
        row = {"name": SETTING, "value": {"secret": secrets.token_hex(32)}, "updated_at": now}
        # Of two who make it at once, both take the first one's.
        insert_ignore(session, Setting, [row])
        kept = session.get_one(Setting, SETTING, populate_existing=True)
    return kept.value["secret"]


def _check(secret: str, number: str) -> str:
    found = int.from_bytes(hmac.digest(bytes.fromhex(secret), number.encode(), hashlib.sha256))
    return "".join(ALPHABET[found // len(ALPHABET) ** place % len(ALPHABET)] for place in range(CHECK))


def _letters(number: int) -> str:
    letters = ""
    while number or len(letters) < _DIGITS:
        number, digit = divmod(number, len(ALPHABET))
        letters = ALPHABET[digit] + letters
    return letters


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * len(ALPHABET) + _PLACE[letter]
    return number
