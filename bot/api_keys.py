"""Keys of the shop's other systems: made once, kept as a hash, revoked."""

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from bot.models import ApiKey
from segments.errors import Conflict, Invalid, NotFound

PREFIX = "kk_"
NOTE_USE_EVERY = timedelta(minutes=5)


def add(session: Session, name: str, now: datetime) -> str:
    """Make a key and return it; it is shown this once, for only its hash is kept.

    Raises Invalid (name_missing) and Conflict (api_key_name_taken).
    """
    if not name.strip():
        raise Invalid("name_missing")
    _check_free(session, name.strip()[:128])
    key = PREFIX + secrets.token_urlsafe(32)
    session.add(ApiKey(name=name.strip()[:128], key_hash=_hash(key), created_at=now))
    session.flush()
    return key


def _check_free(session: Session, name: str) -> None:
    """Refuse a second valid key of one name: nobody could tell which of them to revoke."""
    taken = select(ApiKey.id).where(ApiKey.name == name, ApiKey.revoked_at.is_(None))
    if session.scalar(taken.limit(1)) is not None:
        raise Conflict("api_key_name_taken", name=name)


def _hash(key: str) -> str:
    # A plain hash does: the key is 256 random bits, there is nothing to guess.
    return sha256(key.encode()).hexdigest()


def find(session: Session, key: str) -> ApiKey | None:
    """Return the valid key that `key` is."""
    given = _hash(key)
    found = session.scalar(select(ApiKey).where(ApiKey.key_hash == given, ApiKey.revoked_at.is_(None)))
    return found if found and hmac.compare_digest(found.key_hash, given) else None


def needs_note(key: ApiKey, now: datetime) -> bool:
    """Return whether the use of `key` was last noted too long ago."""
    return key.last_used_at is None or key.last_used_at < now - NOTE_USE_EVERY


def note_use(session: Session, key_id: int, now: datetime) -> None:
    """Remember that a key was used; at most every few minutes, for a busy till must not wait on this row."""
    stale = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < now - NOTE_USE_EVERY)
    session.execute(update(ApiKey).where(ApiKey.id == key_id, stale).values(last_used_at=now))


def everyone(session: Session) -> list[ApiKey]:
    """Return all keys, the newest first."""
    return list(session.scalars(select(ApiKey).order_by(ApiKey.id.desc())))


def one(session: Session, key_id: int) -> ApiKey:
    """Return a key, revoked or not; raises NotFound (api_key_unknown)."""
    key = session.get(ApiKey, key_id)
    if key is None:
        raise NotFound("api_key_unknown", id=key_id)
    return key


def revoke(session: Session, key_id: int, now: datetime) -> None:
    """Stop taking a key."""
    revoked = update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None)).values(revoked_at=now)
    if session.scalar(revoked.returning(ApiKey.id)) is None:
        raise NotFound("api_key_unknown", id=key_id)
