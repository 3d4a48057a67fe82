"""What people of the shop may change of a friend's record, checked as what comes from elsewhere is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from unicodedata import category

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import mail_consent, members, rebuilding, touching, zone_names
from segments.errors import Conflict, Invalid, NotFound
from segments.merging import attach_purchases
from segments.models import Friend
from segments.orders import MAX_MEMBER_NUMBER

LONGEST_NAME = 100
LONGEST_VALUE = 500
MOST_FIELDS = 50
OLDEST = date(1900, 1, 1)


@dataclass(frozen=True)
class FriendEdit:
    """How the record is to be."""

    name: str
    """Only of somebody not on LINE: a LINE name is the friend's own."""
    kana: str = ""
    member_number: str = ""
    birthday: date | None = None
    email: str = ""
    mail_agreed: bool = False
    language: str = "ja"
    timezone: str = ""
    """The zone they live in, by its IANA name; "" = the shop's."""
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Texts; numbers where an import brought them and nobody changed them."""


def edit(session: Session, friend_id: int, wanted: FriendEdit, now: datetime) -> list[str]:
    """Bring a friend's record to what is wanted; return the names of what changed.

    Raises NotFound (friend_unknown), Invalid (name_too_long, birthday_invalid, email_malformed,
    member_number_too_long, fields_too_many, field_too_long, text_invalid, timezone_unknown) or Conflict
    (member_number_taken).
    """
    friend = session.get(Friend, friend_id, with_for_update=True)
    if friend is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    _check(wanted, now)
    told: dict[str, Any] = {
        "kana": wanted.kana,
        "birthday": wanted.birthday,
        "language": wanted.language,
        "timezone": _zone(friend, wanted.timezone),
        "fields": dict(wanted.fields),
    }
    if friend.line_user_id is None:
        told["display_name"] = wanted.name
    changed = [name for name, value in told.items() if getattr(friend, name) != value]
    for name in changed:
        setattr(friend, name, told[name])
    session.flush()
    changed += _mail(session, friend, wanted, now) + _number(session, friend, wanted.member_number, now)
    if changed:
        touching.touch(session, [friend.id])
    return changed


def _zone(friend: Friend, wanted: str) -> str | None:
    """Return the zone to be stored; one that stands there is kept, whoever put it there."""
    if wanted == (friend.timezone or ""):
        return friend.timezone
    return zone_names.read(wanted) if wanted else None


def _check(wanted: FriendEdit, now: datetime) -> None:
    for text in (wanted.name, wanted.kana):
        if len(text) > LONGEST_NAME:
            raise Invalid("name_too_long", limit=LONGEST_NAME)
    if wanted.birthday is not None and not OLDEST <= wanted.birthday <= now.date():
        raise Invalid("birthday_invalid")
    if len(wanted.member_number) > MAX_MEMBER_NUMBER:
        raise Invalid("member_number_too_long", length=len(wanted.member_number), limit=MAX_MEMBER_NUMBER)
    if len(wanted.fields) > MOST_FIELDS:
        raise Invalid("fields_too_many", limit=MOST_FIELDS)
    for name, value in wanted.fields.items():
        if len(name) > LONGEST_NAME or len(str(value)) > LONGEST_VALUE:
            raise Invalid("field_too_long", name=name[:LONGEST_NAME], limit=LONGEST_VALUE)
    texts = (
        wanted.name,
        wanted.kana,
        wanted.member_number,
        *wanted.fields,
        *(str(value) for value in wanted.fields.values()),
    )
    if any(category(letter) in {"Cc", "Cs"} for text in texts for letter in text if letter not in "\n\t"):
        raise Invalid("text_invalid")


def _mail(session: Session, friend: Friend, wanted: FriendEdit, now: datetime) -> list[str]:
    changed: list[str] = []
    stands = bool(mail_consent.addresses(session, [friend.id]))
    if not wanted.email:
        if friend.email:
            mail_consent.erase(session, friend.id)
            changed.append("email")
        return changed
    if wanted.email != friend.email:
        mail_consent.set_address(session, friend.id, wanted.email, None)
        changed.append("email")
    if wanted.mail_agreed and not stands and mail_consent.agree(friend, now):
        changed.append("email_consent")
    if not wanted.mail_agreed and friend.email_consent_at is not None:
        mail_consent.refuse(session, friend.id, now)
        changed.append("email_consent")
    session.flush()
    return changed


def _number(session: Session, friend: Friend, number: str, now: datetime) -> list[str]:
    """Give the friend a number and the purchases that wait under it, or take theirs off."""
    if number == (friend.member_number or ""):
        return []
    holder = select(Friend.id).where(Friend.member_number == number, Friend.id != friend.id)
    if number and (held_by := session.scalar(holder)) is not None:
        raise Conflict("member_number_taken", member_number=number, friend_id=held_by)
    if friend.member_number:
        members.unlink(session, friend, now)
    if number:
        friend.member_number = number
        session.flush()
        attach_purchases(session, [number])
        rebuilding.rebuild(session, friend.id, now)
    return ["member_number"]
