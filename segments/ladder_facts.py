"""What the ladders read of friends: as plain values of one, and as columns of many."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Counts = NDArray[Any]
"""Whole numbers, of whatever type holds them."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = 86_400e6
"""One day in microseconds."""


@dataclass(frozen=True)
class LadderFacts:
    """One friend; None is never."""

    followed: bool = True
    free_item_claimed_at: datetime | None = None
    inquired_at: datetime | None = None
    trial_offer_ends_at: datetime | None = None
    satisfied_at: datetime | None = None
    dissatisfied_at: datetime | None = None
    purchase_count: int = 0
    full_price_count: int = 0
    first_purchase_at: datetime | None = None
    last_purchase_at: datetime | None = None
    regular_until: datetime | None = None
    """From `stages.regular_until`: up to when the purchases made so far suffice for 常連."""
    due_at: datetime | None = None
    slip_at: datetime | None = None
    lapse_at: datetime | None = None
    """When the cycle over all purchases says so; None when no cycle is known."""
    product_count: int = 0
    settled_count: int = 0
    related_count: int = 0
    subscription_since: datetime | None = None
    subscription_until: datetime | None = None
    reaction_count: int = 0
    """Messages written and taps."""
    last_reaction_at: datetime | None = None
    referral_count: int = 0
    event_count: int = 0


@dataclass(frozen=True)
class LadderColumns:
    """Many friends, an element each: moments in microseconds since 1970-01-01 UTC as float64, nan is never."""

    followed: Bools
    free_item_claimed_at: Floats
    inquired_at: Floats
    trial_offer_ends_at: Floats
    satisfied_at: Floats
    dissatisfied_at: Floats
    purchase_count: Counts
    full_price_count: Counts
    first_purchase_at: Floats
    last_purchase_at: Floats
    regular_until: Floats
    due_at: Floats
    slip_at: Floats
    lapse_at: Floats
    product_count: Counts
    settled_count: Counts
    related_count: Counts
    subscription_since: Floats
    subscription_until: Floats
    reaction_count: Counts
    last_reaction_at: Floats
    referral_count: Counts
    event_count: Counts

    def __len__(self) -> int:
        return len(self.followed)


FACTS = tuple(each.name for each in fields(LadderFacts))
MOMENTS = frozenset(name for name in FACTS if name.endswith(("_at", "_until", "_since")))


def columns_of(friends: Sequence[LadderFacts]) -> LadderColumns:
    """Return friends as columns."""
    return LadderColumns(**{name: _column(name, [getattr(one, name) for one in friends]) for name in FACTS})


def _column(name: str, values: list[Any]) -> NDArray[Any]:
    if name in MOMENTS:
        return np.array([micros(value) for value in values], dtype=np.float64)
    return np.array(values, dtype=np.bool_ if name == "followed" else np.int64)


def micros(moment: datetime | None) -> float:
    """Return a moment in microseconds since 1970, nan for never; whole numbers up to 2^53 are exact."""
    return float((moment - EPOCH) // MICROSECOND) if moment is not None else float("nan")


def moment(us: float) -> datetime | None:
    """Return the moment of so many microseconds, None for nan."""
    return None if isnan(us) else EPOCH + timedelta(microseconds=int(us))


def said(facts: LadderFacts | LadderColumns, name: str, index: int = 0) -> Any:
    """Return one fact of one friend as plain JSON, a moment as ISO 8601 text; None for never."""
    value = getattr(facts, name)
    if isinstance(facts, LadderColumns):
        value = moment(value[index]) if name in MOMENTS else int(value[index])
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
