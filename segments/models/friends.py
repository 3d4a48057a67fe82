"""Tables of friends: who they are, what they allow, how they are tagged."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId
from segments.folding import searched


class Friend(Base):
    """One person on LINE, from the first webhook or import on."""

    __tablename__ = "friends"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    line_user_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(Text, default="")
    kana: Mapped[str] = mapped_column(Text, default="")
    searched: Mapped[str | None] = mapped_column(Text)
    """Name, reading and texts of own fields as segments.folding folds them; kept in step by itself, see below."""
    picture_url: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(8), default="ja")
    timezone: Mapped[str | None] = mapped_column(String(64))
    member_number: Mapped[str | None] = mapped_column(String(64), unique=True)
    email: Mapped[str | None] = mapped_column(Text)
    email_consent_at: Mapped[datetime | None]
    """When the friend agreed to get mail; only segments.mail_consent decides by it."""
    email_opted_out_at: Mapped[datetime | None]
    """When they wanted no more mail: an agreement from before counts no longer."""
    email_bad_at: Mapped[datetime | None]
    """When a mail server said that the address does not exist; cleared by another address."""
    birthday: Mapped[date | None]
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    route: Mapped[str | None] = mapped_column(String(64), index=True)
    referral_code: Mapped[str | None] = mapped_column(String(16), unique=True)
    created_at: Mapped[datetime]
    followed_at: Mapped[datetime | None] = mapped_column(index=True)
    """When the friend first followed; None while they only wrote or were imported."""
    blocked_at: Mapped[datetime | None]
    follow_state_at: Mapped[datetime | None]
    """Moment of the last follow or unfollow applied: an older event arriving late changes nothing."""
    opted_out_at: Mapped[datetime | None]
    """Since when the friend wants no messages but answers."""
    offers_opted_out_at: Mapped[datetime | None]
    """Since when they want none that sell."""
    profile_fetched_at: Mapped[datetime | None]
    last_wrote_at: Mapped[datetime | None]

    # No id comes again after a merge or a deletion: tokens of links and causes of points name friends by it.
    __table_args__ = {"sqlite_autoincrement": True}


def _keep_searched(_mapper: object, _connection: object, friend: Friend) -> None:
    friend.searched = searched(friend.display_name or "", friend.kana or "", friend.fields or {})


# Names come from LINE, imports, merges and by hand: kept here, nobody who writes one can forget it.
event.listen(Friend, "before_insert", _keep_searched)
event.listen(Friend, "before_update", _keep_searched)

# Whose birthday it is: asked for day by day, over all years.
Index(
    "ix_friends_birthday",
    Friend.birthday,
    sqlite_where=Friend.birthday.is_not(None),
    postgresql_where=Friend.birthday.is_not(None),
)


# Who wrote last, for the inbox: friends who never wrote add nothing to it.
Index(
    "ix_friends_last_wrote_at",
    Friend.last_wrote_at,
    sqlite_where=Friend.last_wrote_at.is_not(None),
    postgresql_where=Friend.last_wrote_at.is_not(None),
)


class FriendNote(Base):
    """Something a person of the shop wrote down about a friend; the friend never sees it."""

    __tablename__ = "friend_notes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))
    """`operator:3`."""

    __table_args__ = (Index("ix_friend_notes_friend_id_at", "friend_id", "at"),)


class Tag(Base):
    """A name an operator puts on friends."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    segment_id: Mapped[int | None] = mapped_column(
        ForeignKey("segments.id", ondelete="RESTRICT"), unique=True
    )
    """The segment by whose rule the tag is put on and taken off; None for a tag set by hand."""
    created_at: Mapped[datetime]


class FriendTag(Base):
    """A tag on a friend, with who or what put it there."""

    __tablename__ = "friend_tags"

    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True)
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(String(64))
    """`operator:3`, `import:7`, `step:12`, `api:2`, `tap`, `rule`."""

    __table_args__ = (
        Index("ix_friend_tags_tag_id_friend_id", "tag_id", "friend_id"),
        Index("ix_friend_tags_tag_id_set_at", "tag_id", "set_at"),
    )


class MemberLinkCode(Base):
    """A one-time code from the till that links a member number to whoever types it in chat."""

    __tablename__ = "member_link_codes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    member_number: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by_id: Mapped[int | None] = mapped_column(ForeignKey("friends.id", ondelete="SET NULL"))


class MemberLinkAttempt(Base):
    """One wrong link code typed by a friend, kept to slow down guessing."""

    __tablename__ = "member_link_attempts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"))
    at: Mapped[datetime]

    __table_args__ = (Index("ix_member_link_attempts_friend_id_at", "friend_id", "at"),)
