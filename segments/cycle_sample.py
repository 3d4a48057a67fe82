"""Reads the purchases of a sample of buyers as the purchase-cycle model learns from them: over all, and by category.

A buyer is in the sample by a hash of their id: the same buyers night after night, and no more memory however
many others there are.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any

import numpy as np
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from segments import purchase_columns
from segments.cycle_history import Floats, Ints, PurchaseDays, purchase_days
from segments.learned_cycles import by_category
from segments.models import Cycle, Facts
from segments.zone_days import days_of

SAMPLE = 50_000
"""Buyers read at most; more make the fit slower, not better."""
OF_A_CATEGORY = 5_000
"""Buyers read of a category of which the sample holds too few."""
TOGETHER = 1000
"""Friends whose purchases are read by one query."""
STREAMED = 10_000

_BUYERS = select(Facts.friend_id).where(Facts.purchase_count > 0)

Part = tuple[Ints, Ints, Floats]
"""Buyers by their places in the sample, days and quantities."""


def of_shop(session: Session, zone: tzinfo, size: int = SAMPLE) -> Mapping[str, PurchaseDays]:
    """Return what `size` of all buyers bought, by category; EVERYTHING is all of it.

    Days count from 1970-01-01 on the calendar of `zone`; customers are the sample's buyers by ascending id.
    """
    return _read(session, _drawn(session, _BUYERS, size), zone)


def of_category(session: Session, category: str, zone: tzinfo, size: int = OF_A_CATEGORY) -> PurchaseDays:
    """Return what `size` of a category's buyers bought in it."""
    ids = _drawn(session, select(Cycle.friend_id).where(Cycle.category == category), size)
    return _read(session, ids, zone).get(category) or _days([], len(ids))


def _drawn(session: Session, buyers: Select[int], size: int) -> Ints:
    """Return the ids, ascending, of the `size` friends whose hashes are least."""
    found = session.scalars(buyers.execution_options(yield_per=STREAMED))
    ids = np.fromiter(found, np.int64)
    if len(ids) > size:
        ids = ids[np.argpartition(_hashes(ids), size)[:size]]
    return np.sort(ids)


def _hashes(ids: Ints) -> Any:
    """Return numbers that look drawn by lot and are always the same for an id (splitmix64, its last steps)."""
    mixed: Any = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return mixed ^ (mixed >> np.uint64(27))


def _read(session: Session, ids: Ints, zone: tzinfo) -> Mapping[str, PurchaseDays]:
    parts = defaultdict[str, list[Part]](list)
    for start in range(0, len(ids), TOGETHER):
        for category, (who, day, quantity) in _some(session, ids[start : start + TOGETHER], zone):
            parts[category].append((who + start, day, quantity))
    return {category: _days(each, len(ids)) for category, each in parts.items()}


def _some(session: Session, ids: Ints, zone: tzinfo) -> Iterator[tuple[str, Part]]:
    bought = purchase_columns.load(session, ids.tolist())
    names = bought.catalogue.names
    each = by_category(bought, days_of(bought.at, zone), len(names))
    who, category = np.divmod(each.key, len(names))
    for code in np.unique(category).tolist():
        here = category == code
        yield names[code], (who[here], each.day[here], each.quantity[here].astype(np.float64))


def _days(parts: Sequence[Part], customers: int) -> PurchaseDays:
    nothing = np.zeros(0, dtype=np.int64)
    who, day, quantity = (
        np.concatenate(each) for each in zip((nothing, nothing, nothing + 0.0), *parts, strict=True)
    )
    return purchase_days(who, day, quantity, customers)
