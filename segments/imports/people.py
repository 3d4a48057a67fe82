"""Finds or makes the friends that lines of a file speak of, and takes over what the lines say of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from segments import mail_consent
from segments.errors import Conflict
from segments.imports.friend_lines import FriendLine
from segments.merging import merge
from segments.models import Friend


class People:
    """The friends of one batch, by LINE user id and by member number, as the lines change them."""

    def __init__(self, session: Session, lines: Sequence[FriendLine], now: datetime) -> None:
        self._session, self._now = session, now
        ids = {line.line_user_id for line in lines if line.line_user_id}
        numbers = {line.member_number for line in lines if line.member_number}
        wanted = or_(Friend.line_user_id.in_(ids), Friend.member_number.in_(numbers))
        found = session.scalars(select(Friend).where(wanted).order_by(Friend.id).with_for_update()).all()
        self._by_line = {friend.line_user_id: friend for friend in found if friend.line_user_id}
        self._by_number = {friend.member_number: friend for friend in found if friend.member_number}
        self.changed: list[Friend] = []
        """Friends made or changed, in order; one may come twice."""
        self._made: list[Friend] = []
        self.merged: list[Friend] = []
        """Friends who took over another row's past."""

    @property
    def made(self) -> set[int]:
        """Ids of the friends who were not known before; once the session is flushed."""
        return {friend.id for friend in self._made}

    def take_in(self, line: FriendLine) -> Friend | Conflict:
        """Return the friend a line speaks of, made or changed as it says, or why it contradicts what is known."""
        friend = self._found(line)
        if isinstance(friend, Conflict):
            return friend
        if friend is None:
            friend = Friend(created_at=self._now, display_name="", kana="", language="ja", fields={})
            self._session.add(friend)
            self.changed.append(friend)
            self._made.append(friend)
        if _take_over(friend, line, self._now):
            self.changed.append(friend)
        if line.line_user_id:
            self._by_line[line.line_user_id] = friend
        if line.member_number:
            self._by_number[line.member_number] = friend
        return friend

    def _found(self, line: FriendLine) -> Friend | Conflict | None:
        on_line = self._by_line.get(line.line_user_id) if line.line_user_id else None
        member = self._by_number.get(line.member_number) if line.member_number else None
        if on_line and member and on_line is not member:
            return self._one_of(on_line, member, line)
        friend = on_line or member
        if friend is None:
            return None
        if line.member_number and friend.member_number not in {None, line.member_number}:
            return Conflict("member_number_differs", stored=friend.member_number, given=line.member_number)
        if line.line_user_id and friend.line_user_id not in {None, line.line_user_id}:
            return Conflict("member_number_taken", member_number=line.member_number)
        return friend

    def _one_of(self, on_line: Friend, member: Friend, line: FriendLine) -> Friend | Conflict:
        if member.line_user_id is not None:
            return Conflict("member_number_taken", member_number=line.member_number)
        if on_line.member_number is not None:
            return Conflict("member_number_differs", stored=on_line.member_number, given=line.member_number)
        merge(self._session, member, into=on_line, now=self._now)
        self.changed.append(on_line)
        self.merged.append(on_line)
        return on_line


def _take_over(friend: Friend, line: FriendLine, now: datetime) -> bool:
    """Set what the line says and the friend does not have yet; tell whether anything was."""
    told: dict[str, Any] = {
        "line_user_id": line.line_user_id,
        "member_number": line.member_number,
        "display_name": line.name,
        "kana": line.kana,
        "birthday": line.birthday,
        "email": line.email,
        "language": line.language,
        "timezone": line.timezone,
        "fields": friend.fields | dict(line.others),
        # The first route stays, as it does for a friend who scans two codes.
        "route": friend.route or line.route,
        "followed_at": _followed_at(friend, line, now),
    }
    changes = {name: value for name, value in told.items() if value and getattr(friend, name) != value}
    if "email" in changes:
        friend.email_bad_at = None
    for name, value in changes.items():
        setattr(friend, name, value)
    return _agree(friend, line, now) or bool(changes)


def _agree(friend: Friend, line: FriendLine, now: datetime) -> bool:
    """Take over whether the friend agreed to mail. A bare yes is older than any refusal we were told of ourselves."""
    match line.email_agreed:
        case datetime() as since:
            return mail_consent.agree(friend, since)
        case True:
            if friend.email_opted_out_at is not None or friend.email_consent_at is not None:
                return False
            return mail_consent.agree(friend, now)
        case False:
            had = friend.email_consent_at is not None
            friend.email_consent_at = None
            return had
        case None:
            return False


def _followed_at(friend: Friend, line: FriendLine, now: datetime) -> datetime | None:
    """Return since when the friend follows: what LINE told us itself stands; a customer not on LINE never did.

    Whose LINE user id the shop has, but not the day, follows since now at the latest: the id came from LINE.
    """
    on_line = line.line_user_id or friend.line_user_id
    if friend.followed_at is not None or friend.follow_state_at is not None or not on_line:
        return friend.followed_at
    return line.followed_at or now
