"""Lists friends page by page in several orders, each page as cheap as the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from segments.friend_choice import FriendChoice, chosen
from segments.friend_rows import ALL_PURCHASES, FriendRow, rows_of, with_tags
from segments.listing_marks import Mark, Order
from segments.listing_ways import KEYS, Fits, ids, way
from segments.models import Cycle, Friend

PAGE = 50
BROAD = 5
"""A choice of more than a fifth of all friends is a broad one."""


@dataclass(frozen=True)
class FriendsPage:
    """Lines of the list, and the mark after which the next page starts; None at the end."""

    rows: Sequence[FriendRow]
    next: str | None


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
    fits = Fits(chosen(session, choice, now), choice.is_everybody, is_broad, choice.stages)
    mark = Mark.read(order, after)
    listed = _ordered(session, order, fits, mark, limit + 1) if not mark.bare else []
    if len(listed) <= limit and order in {Order.LAST_PURCHASE, Order.NEXT_DUE}:
        rest = mark if mark.bare else Mark(None, 0, bare=True)
        listed += _bare(session, order, fits, rest, limit + 1 - len(listed))
    rows = rows_of(session, listed)
    shown = rows[:limit]
    return FriendsPage(with_tags(session, shown), Mark.of(order, shown[-1]) if len(rows) > limit else None)


def _ordered(session: Session, order: Order, choice: Fits, mark: Mark, limit: int) -> list[int]:
    """Return the next friends among those who have something to be ordered by."""
    if order is Order.NEWEST:
        query = ids(choice)
        if mark.friend_id:
            query = query.where(Friend.id < mark.friend_id)
        return _few(session, query.order_by(Friend.id.desc()).limit(limit))
    found = way(order, choice)
    query, key, own = found.query, found.key, found.owner
    rising = order is Order.NEXT_DUE
    if mark.friend_id:
        later = own > mark.friend_id if rising else own < mark.friend_id
        # The first half is what an index can be entered by.
        reached = key >= mark.key if rising else key <= mark.key
        query = query.where(reached, or_(key != mark.key, later))
    by = (key.asc(), own.asc()) if rising else (key.desc(), own.desc())
    return _few(session, query.where(key.is_not(None)).order_by(*by).limit(limit))


def _bare(session: Session, order: Order, choice: Fits, mark: Mark, limit: int) -> list[int]:
    """Return the next friends among those who have nothing to be ordered by, the newest first."""
    query = ids(choice)
    if order is Order.NEXT_DUE:
        query = query.outerjoin(Cycle, ALL_PURCHASES)
    if mark.friend_id:
        query = query.where(Friend.id < mark.friend_id)
    return _few(session, query.where(KEYS[order].is_(None)).order_by(Friend.id.desc()).limit(limit))


def _everybody(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Friend)) or 0


def _few(session: Session, query: Select[int]) -> list[int]:
    return list(session.scalars(query))
