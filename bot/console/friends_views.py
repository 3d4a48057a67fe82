"""What the console shows of friends: found by name or number, and one friend's whole record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from scheduler.models import Broadcast, Delivery, Message, MessageVersion
from segments.errors import NotFound
from segments.models import (
    ChatMessage,
    CustomerEvent,
    Cycle,
    Facts,
    Friend,
    FriendTag,
    Purchase,
    StageChange,
    Tag,
)

PAGE = 50
HISTORY = 30


@dataclass(frozen=True)
class FriendRow:
    """One line of the list of friends."""

    id: int
    name: str
    member_number: str | None
    stage: str
    blocked_at: datetime | None
    opted_out_at: datetime | None
    followed_at: datetime | None
    last_purchase_at: datetime | None


@dataclass(frozen=True)
class FriendsPage:
    """Lines of the list, and the friend id after which the next page starts."""

    rows: Sequence[FriendRow]
    next_id: int | None


@dataclass(frozen=True)
class Brief:
    """A friend in two words."""

    id: int
    name: str


@dataclass(frozen=True)
class DeliveryRow:
    """One message to the friend and what became of it."""

    delivery: Delivery
    broadcast_name: str | None
    message_name: str | None


@dataclass(frozen=True)
class FriendRecord:
    """Everything the detail page shows; the newest of each first, chat the oldest first."""

    friend: Friend
    facts: Facts
    cycle: Cycle | None
    tags: Sequence[str]
    stage_changes: Sequence[StageChange]
    events: Sequence[CustomerEvent]
    chat: Sequence[ChatMessage]
    purchases: Sequence[Purchase]
    deliveries: Sequence[DeliveryRow]

    @property
    def fields(self) -> dict[str, str]:
        """The columns of the shop's own that an import brought, those with something in them."""
        return {name: str(value) for name, value in self.friend.fields.items() if value not in (None, "")}


def search(session: Session, words: str = "", *, stage: str = "", after_id: int = 0) -> FriendsPage:
    """Return friends whose name, reading, imported field or member number fits `words`; paged by id, not by counting rows."""
    wanted = _listed().where(Friend.id > after_id)
    if words:
        pattern = f"%{_escaped(words)}%"
        named = (Friend.display_name.ilike(pattern, escape="\\"), Friend.kana.ilike(pattern, escape="\\"))
        named = (*named, _fields_fit(session, pattern))
        wanted = wanted.where(or_(*named, Friend.member_number == words, Friend.line_user_id == words))
    if stage:
        wanted = wanted.where(Facts.stage == stage)
    rows = [FriendRow(*row) for row in session.execute(wanted.limit(PAGE + 1))]
    return FriendsPage(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)


def _fields_fit(session: Session, pattern: str) -> ColumnElement[bool]:
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    unpacked = func.jsonb_each_text if is_postgresql else func.json_each
    each = unpacked(Friend.fields).table_valued("key", "value")
    found = select(each.c.key).select_from(each).where(cast(each.c.value, Text).ilike(pattern, escape="\\"))
    return found.correlate(Friend).exists()


def _listed() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Friend.id,
            Friend.display_name,
            Friend.member_number,
            Facts.stage,
            Friend.blocked_at,
            Friend.opted_out_at,
            Friend.followed_at,
            Facts.last_purchase_at,
        )
        .join(Facts, Facts.friend_id == Friend.id)
        .order_by(Friend.id)
    )


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def brief(session: Session, friend_id: int | None) -> Brief | None:
    """Return a friend's name, or None when there is no such friend."""
    friend = session.get(Friend, friend_id) if friend_id is not None else None
    return Brief(friend.id, friend.display_name) if friend else None


def record(session: Session, friend_id: int) -> FriendRecord:
    """Return one friend's record; raises NotFound (friend_unknown)."""
    friend, facts = session.get(Friend, friend_id), session.get(Facts, friend_id)
    if friend is None or facts is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    return FriendRecord(
        friend=friend,
        facts=facts,
        cycle=session.get(Cycle, (friend_id, "")),
        tags=_tags(session, friend_id),
        stage_changes=_last(session, StageChange, StageChange.at, friend_id),
        events=_last(session, CustomerEvent, CustomerEvent.id, friend_id),
        chat=list(reversed(_last(session, ChatMessage, ChatMessage.at, friend_id))),
        purchases=_last(session, Purchase, Purchase.bought_at, friend_id),
        deliveries=_deliveries(session, friend_id),
    )


def _last(session: Session, kind: Any, order: Any, friend_id: int) -> Sequence[Any]:
    wanted = select(kind).where(kind.friend_id == friend_id).order_by(order.desc(), kind.id.desc())
    return session.scalars(wanted.limit(HISTORY)).all()


def _tags(session: Session, friend_id: int) -> Sequence[str]:
    on_friend = select(Tag.name).join(FriendTag).where(FriendTag.friend_id == friend_id)
    return session.scalars(on_friend.order_by(Tag.name)).all()


def _deliveries(session: Session, friend_id: int) -> Sequence[DeliveryRow]:
    wanted = (
        select(Delivery, Broadcast.name, Message.name)
        .outerjoin(Broadcast, Broadcast.id == Delivery.broadcast_id)
        .outerjoin(MessageVersion, MessageVersion.id == Delivery.message_version_id)
        .outerjoin(Message, Message.id == MessageVersion.message_id)
        .where(Delivery.friend_id == friend_id)
        .order_by(Delivery.created_at.desc(), Delivery.id.desc())
    )
    return [DeliveryRow(*row) for row in session.execute(wanted.limit(HISTORY))]
