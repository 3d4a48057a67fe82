"""Lists friends page by page in several orders, each page as cheap as the first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from segments.db import EPOCH, MICROSECOND
from segments.friend_choice import FriendChoice, chosen
from segments.leaves.scanning import unindexed
from segments.models import Cycle, Facts, Friend, FriendTag, Tag

PAGE = 50
BROAD = 5
"""A choice of more than a fifth of all friends is a broad one."""
_BARE = "-"
"""In a mark: the rest has nothing to be ordered by."""


class Order(StrEnum):
    """What comes first."""

    NEWEST = "newest"
    LAST_PURCHASE = "last_purchase"
    NEXT_DUE = "next_due"
    SPEND = "spend"


@dataclass(frozen=True)
class FriendRow:
    """One line of the list."""

    id: int
    name: str
    kana: str
    member_number: str | None
    picture_url: str | None
    stage: str
    blocked_at: datetime | None
    opted_out_at: datetime | None
    followed_at: datetime | None
    last_purchase_at: datetime | None
    spend_yen: int
    due_at: datetime | None
    tags: Sequence[str] = ()


@dataclass(frozen=True)
class FriendsPage:
    """Lines of the list, and the mark after which the next page starts; None at the end."""

    rows: Sequence[FriendRow]
    next: str | None


_COLUMNS = (
    Friend.id,
    Friend.display_name,
    Friend.kana,
    Friend.member_number,
    Friend.picture_url,
    Facts.stage,
    Friend.blocked_at,
    Friend.opted_out_at,
    Friend.followed_at,
    Facts.last_purchase_at,
    Facts.spend_yen,
    Cycle.due_at,
)
_ALL_PURCHASES = and_(Cycle.friend_id == Friend.id, Cycle.category == "")
_OF_EACH = and_(Cycle.friend_id == unindexed(Friend.id), Cycle.category == "")
"""The cycle of one friend after another: otherwise the cycles of the whole shop would be gone through first."""
_KEYS: dict[Order, Any] = {
    Order.LAST_PURCHASE: Facts.last_purchase_at,
    Order.NEXT_DUE: Cycle.due_at,
    Order.SPEND: Facts.spend_yen,
}


def page(
    session: Session,
    choice: FriendChoice,
    now: datetime,
    order: Order = Order.NEWEST,
    after: str = "",
    limit: int = PAGE,
    found: int = 0,
) -> FriendsPage:
    """Return friends of a choice beyond the mark `after`, one that makes no sense being the beginning.

    Those who have nothing to be ordered by, no purchase for one, come last. `found`, how many the choice leaves in if
    that is known, only makes it quicker. Raises Invalid as friend_choice.chosen.
    """
    is_broad = bool(found) and found * BROAD > _everybody(session)
    fits = _Fits(chosen(session, choice, now), choice.is_everybody, is_broad)
    mark = _Mark.read(order, after)
    ids = _ordered(session, order, fits, mark, limit + 1) if not mark.bare else []
    if len(ids) <= limit and order in {Order.LAST_PURCHASE, Order.NEXT_DUE}:
        rest = mark if mark.bare else _Mark(None, 0, bare=True)
        ids += _bare(session, order, fits, rest, limit + 1 - len(ids))
    rows = _rows(session, ids)
    shown = rows[:limit]
    return FriendsPage(_tagged(session, shown), _Mark.of(order, shown[-1]) if len(rows) > limit else None)


@dataclass(frozen=True)
class _Fits:
    """Whom a choice leaves in."""

    fits: Any
    everybody: bool
    broad: bool
    """Whether it is so many that those who come first in an order are soon found along its index."""


@dataclass(frozen=True)
class _Mark:
    """Where a page ended: the last friend, and by what they were ordered."""

    key: Any
    friend_id: int
    bare: bool = False

    @staticmethod
    def read(order: Order, text: str) -> "_Mark":
        key, _, number = text.rpartition(".")
        if not _is_number(number) or not (key == _BARE or _is_number(key.removeprefix("-")) or not key):
            return _Mark(None, 0)
        if order is Order.NEWEST:
            return _Mark(None, int(number))
        if key == _BARE:
            return _Mark(None, int(number), bare=True)
        if not key:
            return _Mark(None, 0)
        if order is Order.SPEND:
            return _Mark(int(key), int(number))
        try:
            return _Mark(EPOCH + int(key) * MICROSECOND, int(number))
        except OverflowError:
            return _Mark(None, 0)

    @staticmethod
    def of(order: Order, row: FriendRow) -> str:
        key = {Order.LAST_PURCHASE: row.last_purchase_at, Order.NEXT_DUE: row.due_at}.get(order)
        if order is Order.SPEND:
            return f"{row.spend_yen}.{row.id}"
        if order is Order.NEWEST:
            return f".{row.id}"
        return f"{(key - EPOCH) // MICROSECOND}.{row.id}" if key else f"{_BARE}.{row.id}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def _ordered(session: Session, order: Order, choice: _Fits, mark: _Mark, limit: int) -> list[int]:
    """Return the next friends among those who have something to be ordered by."""
    if order is Order.NEWEST:
        query = _ids(choice)
        if mark.friend_id:
            query = query.where(Friend.id < mark.friend_id)
        return _few(session, query.order_by(Friend.id.desc()).limit(limit))
    (query, key), own = _way(order, choice), _owner(order, choice)
    rising = order is Order.NEXT_DUE
    if mark.friend_id:
        later = own > mark.friend_id if rising else own < mark.friend_id
        # The first half is what an index can be entered by.
        reached = key >= mark.key if rising else key <= mark.key
        query = query.where(reached, or_(key != mark.key, later))
    by = (key.asc(), own.asc()) if rising else (key.desc(), own.desc())
    return _few(session, query.where(key.is_not(None)).order_by(*by).limit(limit))


def _bare(session: Session, order: Order, choice: _Fits, mark: _Mark, limit: int) -> list[int]:
    """Return the next friends among those who have nothing to be ordered by, the newest first."""
    query = _ids(choice)
    if order is Order.NEXT_DUE:
        query = query.outerjoin(Cycle, _ALL_PURCHASES)
    if mark.friend_id:
        query = query.where(Friend.id < mark.friend_id)
    return _few(session, query.where(_KEYS[order].is_(None)).order_by(Friend.id.desc()).limit(limit))


def _ids(choice: _Fits) -> Select[int]:
    return select(Friend.id).join(Facts, Facts.friend_id == Friend.id).where(choice.fits)


def _way(order: Order, choice: _Fits) -> tuple[Select[int], Any]:
    """Return where to read from and by what to order: measured, the cheapest for each kind of choice on SQLite."""
    if choice.everybody:
        # From the table that has the order, by its index, without a look at any other.
        alone = select(Cycle.friend_id).where(Cycle.category == "")
        return alone if order is Order.NEXT_DUE else select(Facts.friend_id), _KEYS[order]
    query = _ids(choice)
    if order is Order.NEXT_DUE and choice.broad:
        return query.join(Cycle, _ALL_PURCHASES), _KEYS[order]
    # Read in order and sorted: along an index SQLite would jump through all friends of the shop to find few.
    for table in (Friend, Facts):
        query = query.with_hint(table, "NOT INDEXED", "sqlite")
    if order is Order.NEXT_DUE:
        query = query.join(Cycle, _OF_EACH).with_hint(Cycle, "INDEXED BY sqlite_autoindex_cycles_1", "sqlite")
    return query, unindexed(_KEYS[order])


def _owner(order: Order, choice: _Fits) -> Any:
    if not choice.everybody:
        return Friend.id
    return Cycle.friend_id if order is Order.NEXT_DUE else Facts.friend_id


def _everybody(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Friend)) or 0


def _few(session: Session, query: Select[int]) -> list[int]:
    return list(session.scalars(query))


def _rows(session: Session, ids: Sequence[int]) -> list[FriendRow]:
    if not ids:
        return []
    query = select(*_COLUMNS).join(Facts, Facts.friend_id == Friend.id).outerjoin(Cycle, _ALL_PURCHASES)
    found = {row.id: FriendRow(*row) for row in session.execute(query.where(Friend.id.in_(ids)))}
    return [found[one] for one in ids if one in found]


def _tagged(session: Session, rows: Sequence[FriendRow]) -> list[FriendRow]:
    if not rows:
        return []
    named = (
        select(FriendTag.friend_id, Tag.name)
        .join(Tag, Tag.id == FriendTag.tag_id)
        .where(FriendTag.friend_id.in_([row.id for row in rows]))
        .order_by(Tag.name)
    )
    carried: dict[int, list[str]] = {}
    for friend_id, name in session.execute(named):
        carried.setdefault(friend_id, []).append(name)
    return [replace(row, tags=tuple(carried.get(row.id, ()))) for row in rows]
