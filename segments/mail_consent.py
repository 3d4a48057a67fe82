"""Who may be written to by mail: an address, an agreement that stands, and a mail server that knows the address.

The Act on Regulation of Transmission of Specified Electronic Mail (特定電子メール法, articles 3 and 4) asks for an
agreement before the first mail, and that a refusal is obeyed: only a later agreement outweighs it.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from segments.errors import Invalid, NotFound
from segments.models import Friend

LONGEST = 254
"""Letters of an address: RFC 5321, section 4.5.3.1.3."""
ADDRESS = r"[A-Za-z0-9_.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
_ADDRESS = re.compile(ADDRESS)


def reachable() -> ColumnElement[bool]:
    """Return that a friend may be written to by mail."""
    agreed = Friend.email_consent_at.is_not(None)
    stands = or_(Friend.email_opted_out_at.is_(None), Friend.email_opted_out_at < Friend.email_consent_at)
    known = Friend.email.is_not(None) & (Friend.email != "") & Friend.email_bad_at.is_(None)
    return known & agreed & stands


def addresses(session: Session, friend_ids: Sequence[int]) -> dict[int, str]:
    """Return the addresses of those of some friends who may be written to by mail."""
    if not friend_ids:
        return {}
    found = select(Friend.id, Friend.email).where(Friend.id.in_(friend_ids), reachable())
    return {id_: str(email) for id_, email in session.execute(found)}


def set_address(session: Session, friend_id: int, email: str, agreed_at: datetime | None) -> Friend:
    """Store a friend's address and, with a moment, that they agreed to mail then.

    Another address is taken for good until a server says otherwise. An agreement from before a refusal changes
    nothing. Raises NotFound (friend_unknown) or Invalid (email_malformed).
    """
    friend, address = _locked(session, friend_id), checked(email)
    if friend.email != address:
        friend.email, friend.email_bad_at = address, None
    if agreed_at is not None:
        agree(friend, agreed_at)
    session.flush()
    return friend


def agree(friend: Friend, at: datetime) -> bool:
    """Note that a friend agreed at `at`, unless they refused since; say whether that changed anything."""
    if friend.email_opted_out_at is not None and at <= friend.email_opted_out_at:
        return False
    if friend.email_consent_at is not None and at <= friend.email_consent_at:
        return False
    friend.email_consent_at = at
    return True


def refuse(session: Session, friend_id: int, now: datetime) -> bool:
    """Write a friend no more mail; say whether they got any before. Raises NotFound (friend_unknown)."""
    friend = _locked(session, friend_id)
    stood = friend.email_consent_at is not None
    friend.email_opted_out_at, friend.email_consent_at = now, None
    session.flush()
    return stood


def erase(session: Session, friend_id: int) -> None:
    """Forget a friend's address and agreement; that they refused, if they did, is kept. Raises NotFound."""
    friend = _locked(session, friend_id)
    friend.email = friend.email_consent_at = friend.email_bad_at = None
    session.flush()


def note_bad(session: Session, friend_id: int, address: str, now: datetime) -> None:
    """Note that an address does not exist, unless the friend has another one by now."""
    bad = update(Friend).where(Friend.id == friend_id, Friend.email == address).values(email_bad_at=now)
    session.execute(bad.execution_options(synchronize_session=False))


def checked(email: str) -> str:
    """Return an address as it is stored. Raises Invalid (email_malformed)."""
    address = email.strip()
    if len(address) > LONGEST or not _ADDRESS.fullmatch(address):
        raise Invalid("email_malformed", given=email[:LONGEST])
    return address


def _locked(session: Session, friend_id: int) -> Friend:
    friend = session.get(Friend, friend_id, with_for_update=True)
    if friend is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    return friend
