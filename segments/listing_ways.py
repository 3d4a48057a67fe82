"""Where a list of friends is read from in each order: measured, the cheapest for each kind of choice on SQLite."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, select

from segments.friend_rows import ALL_PURCHASES
from segments.leaves.scanning import unindexed
from segments.listing_marks import Order
from segments.models import Cycle, Facts, Friend

KEYS: dict[Order, Any] = {
    Order.LAST_PURCHASE: Facts.last_purchase_at,
    Order.NEXT_DUE: Cycle.due_at,
    Order.SPEND: Facts.spend_yen,
}
_BY_FRIEND = "INDEXED BY sqlite_autoindex_cycles_1"


@dataclass(frozen=True)
class Fits:
    """Whom a choice leaves in."""

    fits: Any
    everybody: bool
    broad: bool
    """Whether it is so many that those who come first in an order are soon found along its index."""
    stages: Sequence[str] = ()
    """The stages they stand on, where nothing else is asked of them."""


@dataclass(frozen=True)
class Way:
    """A query of friends' ids, what it is ordered by, and the column it takes the ids from."""

    query: Select[int]
    key: Any
    owner: Any


def ids(choice: Fits) -> Select[int]:
    """Select the friends of a choice, in no order."""
    return select(Friend.id).join(Facts, Facts.friend_id == Friend.id).where(choice.fits)


def way(order: Order, choice: Fits) -> Way:
    """Return how to read those of a choice who have something to be ordered by; not for the newest first."""
    if choice.everybody:
        return _of_everybody(order)
    if choice.stages:
        return _of_stages(order, choice)
    query = ids(choice)
    if order is Order.NEXT_DUE and choice.broad:
        return Way(query.join(Cycle, ALL_PURCHASES), Cycle.due_at, Friend.id)
    # Read in order and sorted: along an index SQLite would jump through all friends of the shop to find few.
    for table in (Friend, Facts):
        query = query.with_hint(table, "NOT INDEXED", "sqlite")
    if order is Order.NEXT_DUE:
        query = _with_cycles(query, Friend.id)
    return Way(query, unindexed(KEYS[order]), Friend.id)


def _of_everybody(order: Order) -> Way:
    """From the table that has the order, by its index, without a look at any other."""
    if order is Order.NEXT_DUE:
        return Way(select(Cycle.friend_id).where(Cycle.category == ""), Cycle.due_at, Cycle.friend_id)
    query = select(Facts.friend_id)
    if order is Order.SPEND:  # It has no index; SQLite would take another one, and jump.
        query = query.with_hint(Facts, "NOT INDEXED", "sqlite")
    return Way(query, KEYS[order], Facts.friend_id)


def _of_stages(order: Order, choice: Fits) -> Way:
    """From the index of stages and the table that has the order, without a look at friends."""
    query = select(Facts.friend_id)
    if order is Order.NEXT_DUE and choice.broad:
        due = and_(Cycle.friend_id == Facts.friend_id, Cycle.category == "")
        inside = unindexed(Facts.stage).in_(choice.stages)
        return Way(query.join(Cycle, due).where(inside), Cycle.due_at, Facts.friend_id)
    query = query.where(Facts.stage.in_(choice.stages))
    if order is Order.NEXT_DUE:
        query = _with_cycles(query, Facts.friend_id)
    return Way(query, unindexed(KEYS[order]), Facts.friend_id)


def _with_cycles(query: Select[int], friend_id: Any) -> Select[int]:
    """Add the cycle of one friend after another: else the cycles of the whole shop would be gone through first."""
    of_each = and_(Cycle.friend_id == unindexed(friend_id), Cycle.category == "")
    return query.join(Cycle, of_each).with_hint(Cycle, _BY_FRIEND, "sqlite")
