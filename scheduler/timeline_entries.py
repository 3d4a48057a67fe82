"""What one entry of a friend's timeline is, and how entries of one sort are read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session


class Sort(StrEnum):
    """By what the line is narrowed."""

    MESSAGES = "messages"
    NOT_SENT = "not_sent"
    TAPS = "taps"
    PURCHASES = "purchases"
    STAGES = "stages"
    TAGS = "tags"
    NOTES = "notes"
    ANSWERS = "answers"
    COUPONS = "coupons"
    POINTS = "points"
    OTHER = "other"


class What(StrEnum):
    """What happened."""

    SAID = "said"
    DELIVERY = "delivery"
    DECISION = "decision"
    TAP = "tap"
    PURCHASE = "purchase"
    REFUND = "refund"
    STAGE = "stage"
    TAG = "tag"
    NOTE = "note"
    ANSWER = "answer"
    COUPON = "coupon"
    REDEEMED = "redeemed"
    POINTS = "points"
    EVENT = "event"


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    at: datetime
    sort: Sort
    what: What
    row: Any
    """The row it is read from, or its columns by name."""
    items: Sequence[str] = field(default_factory=tuple[str, ...])
    """Of a purchase: what was bought."""


@dataclass(frozen=True)
class Source:
    """One query."""

    sorts: frozenset[Sort]
    read: Callable[[Session, int, datetime | None, int], list[Entry]]


def source(
    sort: Sort, what: What, at: Any, query: Select[*tuple[Any, ...]], owner: Any, *order: Any
) -> Source:
    def read(session: Session, friend_id: int, upto: datetime | None, limit: int) -> list[Entry]:
        mine = query.where(owner == friend_id, at.is_not(None))
        if upto is not None:
            mine = mine.where(at <= upto)
        rows = session.execute(mine.order_by(at.desc(), *order).limit(limit))
        return [Entry(row.at, sort, what, row) for row in rows]

    return Source(frozenset({sort}), read)
