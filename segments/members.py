"""Links a shop's member numbers to friends: a one-time code from the till, typed in chat."""

import hashlib
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from segments import events, purchase_news, rebuilding, touching
from segments.errors import Conflict, Invalid
from segments.merging import attach_purchases, merge
from segments.models import CustomerEvent, EventKind, Friend, MemberLinkAttempt, MemberLinkCode, Purchase
from segments.orders import MAX_MEMBER_NUMBER

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No 0 O, 1 I L: a code is read off a receipt."""
CODE_LENGTH = 8

SHORTEST, LONGEST = timedelta(minutes=30), timedelta(hours=24)

MAX_WRONG_TRIES = 5
TRIES_WITHIN = timedelta(hours=1)

STILL_NEWS = timedelta(days=2)
"""A purchase this young is still worth a thank-you when its buyer links the number."""


def issue_link_code(
    session: Session, member_number: str, now: datetime, *, valid_for: timedelta = LONGEST
) -> str:
    """Return a new code of eight characters for `member_number`; earlier unused ones stop working.

    Only its hash is stored. Raises Invalid: member_number_missing, member_number_too_long,
    link_code_validity (outside 30 minutes to 24 hours).
    """
    number = member_number.strip()
    _check_issue(number, valid_for)
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    open_codes = (
        MemberLinkCode.member_number == number,
        MemberLinkCode.used_at.is_(None),
        MemberLinkCode.expires_at > now,
    )
    session.execute(update(MemberLinkCode).where(*open_codes).values(expires_at=now))
    session.add(
        MemberLinkCode(
            code_hash=_hash(code), member_number=number, created_at=now, expires_at=now + valid_for
        )
    )
    session.flush()
    return code


def _check_issue(number: str, valid_for: timedelta) -> None:
    if not number:
        raise Invalid("member_number_missing")
    if len(number) > MAX_MEMBER_NUMBER:
        raise Invalid("member_number_too_long", length=len(number), limit=MAX_MEMBER_NUMBER)
    if not SHORTEST <= valid_for <= LONGEST:
        raise Invalid("link_code_validity", minutes=valid_for // timedelta(minutes=1))


def looks_like_code(text: str) -> bool:
    """Tell whether a text a friend wrote could be a link code, before anything is asked of the database."""
    plain = _plain(text)
    return len(plain) == CODE_LENGTH and set(plain) <= set(ALPHABET)


def link(session: Session, friend: Friend, code: str, now: datetime) -> str:
    """Link the member number that `code` stands for to `friend`, and return it.

    Purchases that waited under the number become the friend's; an imported customer with the number
    is merged into the friend. Raises Invalid (link_code_wrong, link_code_expired, link_code_used,
    link_too_many_tries with retry_at) or Conflict (link_already_linked: this friend has another
    number; link_number_taken: another friend on LINE has it). A wrong code is counted in the
    caller's transaction: catch the error inside it, or the count is rolled back with it.
    """
    _check_tries(session, friend.id, now)
    number = _number_of(session, friend.id, code, now)
    session.refresh(friend, with_for_update=True)
    if friend.member_number not in {None, number}:
        raise Conflict("link_already_linked", member_number=friend.member_number)
    holder = session.scalar(
        select(Friend).where(Friend.member_number == number, Friend.id != friend.id).with_for_update()
    )
    if holder is not None and holder.line_user_id is not None:
        raise Conflict("link_number_taken", member_number=number)
    _claim(session, friend.id, code, now)
    if holder is not None:
        merge(session, holder, into=friend, now=now)
    friend.member_number = number
    session.flush()
    attached = attach_purchases(session, [number])
    events.append(session, EventKind.MEMBER_LINKED, friend.id, now, member_number=number)
    _thank_for_recent(session, friend.id, list(attached), now)
    rebuilding.rebuild(session, friend.id, now)
    touching.touch(session, [friend.id])
    return number


def unlink(session: Session, friend: Friend, now: datetime) -> None:
    """Take the member number off `friend`; purchases recorded under it wait for whoever links it next.

    Raises Invalid (link_not_linked).
    """
    number = friend.member_number
    if number is None:
        raise Invalid("link_not_linked")
    mine = Purchase.friend_id == friend.id, Purchase.member_number == number
    statement = update(Purchase).where(*mine).values(friend_id=None)
    session.execute(statement.execution_options(synchronize_session="fetch"))
    friend.member_number = None
    session.flush()
    rebuilding.rebuild(session, friend.id, now)
    touching.touch(session, [friend.id])


def _number_of(session: Session, friend_id: int, code: str, now: datetime) -> str:
    """Return the number of an open code, found by its hash in the index: no time tells how much of it was right."""
    found = session.scalar(select(MemberLinkCode).where(MemberLinkCode.code_hash == _hash(code)))
    if found is not None and found.used_at is None and found.expires_at > now:
        return found.member_number
    session.add(MemberLinkAttempt(friend_id=friend_id, at=now))
    session.flush()
    if found is None:
        raise Invalid("link_code_wrong")
    raise Invalid("link_code_used" if found.used_at is not None else "link_code_expired")


def _claim(session: Session, friend_id: int, code: str, now: datetime) -> None:
    statement = (
        update(MemberLinkCode)
        .where(MemberLinkCode.code_hash == _hash(code), MemberLinkCode.used_at.is_(None))
        .values(used_at=now, used_by_id=friend_id)
        .returning(MemberLinkCode.id)
    )
    if session.scalar(statement) is None:
        raise Invalid("link_code_used")


def _check_tries(session: Session, friend_id: int, now: datetime) -> None:
    since = now - TRIES_WITHIN
    recent = MemberLinkAttempt.friend_id == friend_id, MemberLinkAttempt.at > since
    count, first = session.execute(select(func.count(), func.min(MemberLinkAttempt.at)).where(*recent)).one()
    if count >= MAX_WRONG_TRIES:
        raise Invalid("link_too_many_tries", retry_at=(first + TRIES_WITHIN).isoformat())


def _thank_for_recent(session: Session, friend_id: int, purchase_ids: Sequence[int], now: datetime) -> None:
    """Raise the news of waiting purchases that are young, unless an earlier link has done so."""
    since = now - STILL_NEWS
    young = Purchase.id.in_(purchase_ids), Purchase.bought_at >= since
    told = session.scalars(
        select(CustomerEvent.payload).where(
            CustomerEvent.friend_id == friend_id,
            CustomerEvent.kind == EventKind.PURCHASED,
            CustomerEvent.at >= since,
        )
    )
    known = {payload.get("purchase_id") for payload in told}
    fresh = [one for one in session.scalars(select(Purchase.id).where(*young)) if one not in known]
    purchase_news.purchased(session, fresh)


def _plain(code: str) -> str:
    folded = unicodedata.normalize("NFKC", code).upper()
    return "".join(c for c in folded if c.isalnum())


def _hash(code: str) -> str:
    return hashlib.sha256(_plain(code).encode()).hexdigest()
