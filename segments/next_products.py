"""The next-product table: what buyers of each product bought next, made anew each night."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import numpy as np
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session, aliased

from segments.local_times import Ints
from segments.models import NextProduct, Product
from segments.next_steps import Steps
from segments.purchase_sweep import lines

FOLLOWERS = 50
"""Products kept for each one: those to which most went on."""
WRITTEN = 1000


@dataclass(frozen=True, slots=True)
class Follower:
    """A product that buyers of another bought next."""

    product_id: int
    code: str
    name: str
    name_en: str
    available: bool
    buyers: int
    """Friends who bought the first product."""
    went_on: int
    """Those of them who bought this one next."""
    lift: float
    """How much more often than buyers of other things did; 1 is no difference."""

    @property
    def share(self) -> float:
        """The share of the buyers who went on to it, 0 to 1."""
        return self.went_on / self.buyers


def measure(session: Session, zone: tzinfo) -> list[dict[str, Any]]:
    """Return the rows of the table as purchases now stand; reads some friends at a time."""
    ids = np.array(session.scalars(select(Product.id).order_by(Product.id)).all(), np.int64)
    steps = Steps(len(ids))
    for part in lines(session, zone):
        # A product that came in while we read is not in the numbering: the next night knows it.
        known = np.isin(part.product, ids)
        numbered = np.searchsorted(ids, part.product[known])
        steps.add(part._replace(friend=part.friend[known], day=part.day[known], product=numbered))
    return list(_rows(steps, ids))


def write(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Put new rows in the place of the old ones; products deleted meanwhile are left out."""
    session.execute(delete(NextProduct))
    ids = set(session.scalars(select(Product.id)))
    kept = [row for row in rows if {row["product_id"], row["next_product_id"]} <= ids]
    for start in range(0, len(kept), WRITTEN):
        session.execute(insert(NextProduct), kept[start : start + WRITTEN])


def rebuild(session: Session, zone: tzinfo) -> int:
    """Make the table anew in one transaction; return the number of its rows."""
    rows = measure(session, zone)
    write(session, rows)
    return len(rows)


def follows(session: Session, product_id: int, limit: int = 20) -> list[Follower]:
    """Return what buyers of a product bought next, the most frequent first."""
    then = aliased(Product)
    rows = session.execute(
        select(then.id, then.code, then.name, then.name_en, then.available)
        .add_columns(NextProduct.buyers, NextProduct.went_on, NextProduct.lift)
        .join(NextProduct, NextProduct.next_product_id == then.id)
        .where(NextProduct.product_id == product_id)
        .order_by(NextProduct.went_on.desc(), NextProduct.lift.desc(), then.code)
        .limit(limit)
    )
    return [Follower(*row) for row in rows]


def _rows(steps: Steps, ids: Ints) -> Iterator[dict[str, Any]]:
    pairs = steps.pairs()
    lift = steps.lift(pairs)
    order = np.lexsort((pairs.follower, -lift, -pairs.went_on, pairs.product))
    product = pairs.product[order]
    # The place of each pair among those of its product.
    place = np.arange(len(order)) - np.searchsorted(product, product)
    for chosen in order[place < FOLLOWERS].tolist():
        start = pairs.product[chosen]
        yield {
            "product_id": int(ids[start]),
            "next_product_id": int(ids[pairs.follower[chosen]]),
            "buyers": int(steps.buyers[start]),
            "went_on": int(pairs.went_on[chosen]),
            "lift": float(lift[chosen]),
        }
