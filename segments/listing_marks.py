"""In which orders friends are listed, and where a page of each ended."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from segments.db import EPOCH, MICROSECOND
from segments.friend_rows import FriendRow

_BARE = "-"
"""In a mark: the rest has nothing to be ordered by."""


class Order(StrEnum):
    """What comes first."""

    NEWEST = "newest"
    LAST_PURCHASE = "last_purchase"
    NEXT_DUE = "next_due"
    SPEND = "spend"


@dataclass(frozen=True)
class Mark:
    """Where a page ended: the last friend, and by what they were ordered."""

    key: Any
    friend_id: int
    bare: bool = False

    @staticmethod
    def read(order: Order, text: str) -> "Mark":
        """Read a mark from an address; what makes no sense is the beginning."""
        key, _, number = text.rpartition(".")
        if not _is_number(number) or not (key == _BARE or _is_number(key.removeprefix("-")) or not key):
            return Mark(None, 0)
        if order is Order.NEWEST:
            return Mark(None, int(number))
        if key == _BARE:
            return Mark(None, int(number), bare=True)
        if not key:
            return Mark(None, 0)
        if order is Order.SPEND:
            return Mark(int(key), int(number))
        try:
            return Mark(EPOCH + int(key) * MICROSECOND, int(number))
        except OverflowError:
            return Mark(None, 0)

    @staticmethod
    def of(order: Order, row: FriendRow) -> str:
        """Write the mark of the last line of a page."""
        key = {Order.LAST_PURCHASE: row.last_purchase_at, Order.NEXT_DUE: row.due_at}.get(order)
        if order is Order.SPEND:
            return f"{row.spend_yen}.{row.id}"
        if order is Order.NEWEST:
            return f".{row.id}"
        return f"{(key - EPOCH) // MICROSECOND}.{row.id}" if key else f"{_BARE}.{row.id}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19
