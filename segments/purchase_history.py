"""Reads friends' purchases that count, oldest first, with what each category of them held."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, or_, select
from sqlalchemy.orm import Session

from segments.models import Product, Purchase, PurchaseItem

EVERYTHING = ""
"""The category that stands for all purchases together."""


class Share(NamedTuple):
    """How much of one purchase fell to one category."""

    yen: int
    quantity: int


@dataclass
class Bought:
    """One purchase that was not refunded in full; `yen` is what was kept of it."""

    at: datetime
    yen: int
    is_trial: bool
    shares: dict[str, Share] = field(default_factory=dict[str, Share])
    """By category; EVERYTHING is always there."""

    def add(self, category: str, yen: int, quantity: int) -> None:
        """Take in one line of the order."""
        for each in {EVERYTHING, category}:
            before = self.shares.get(each, Share(0, 0))
            self.shares[each] = Share(before.yen + yen, before.quantity + quantity)


def counts() -> ColumnElement[bool]:
    """Return the condition under which a purchase counts: it was not refunded in full."""
    return or_(Purchase.refunded_at.is_(None), Purchase.refunded_yen < Purchase.amount_yen)


_HISTORY = (
    select(
        Purchase.id,
        Purchase.friend_id,
        Purchase.bought_at,
        Purchase.amount_yen,
        Purchase.refunded_yen,
        Purchase.is_trial,
        Product.category,
        PurchaseItem.amount_yen,
        PurchaseItem.quantity,
    )
    .outerjoin(PurchaseItem, PurchaseItem.purchase_id == Purchase.id)
    .outerjoin(Product, Product.id == PurchaseItem.product_id)
    .where(Purchase.friend_id.in_(bindparam("friend_ids", expanding=True)), counts())
    .order_by(Purchase.bought_at, Purchase.id, PurchaseItem.line)
)


def load(session: Session, friend_ids: Sequence[int]) -> dict[int, list[Bought]]:
    """Return the purchases of friends in the order they were made, in one query; friends without any are left out."""
    orders: dict[int, Bought] = {}
    history = defaultdict[int, list[Bought]](list)
    rows: Any = session.execute(
        _HISTORY, {"friend_ids": list(friend_ids)}
    )  # outer joins: the types of the columns promise too much
    for order, friend_id, at, yen, refunded, is_trial, category, line_yen, quantity in rows:
        bought = orders.get(order)
        if bought is None:
            bought = orders[order] = Bought(at, yen - refunded, is_trial, {EVERYTHING: Share(0, 0)})
            history[friend_id].append(bought)
        if quantity is not None:
            # A partial refund is spread over the lines: nobody told which of them it was for.
            bought.add(category, line_yen * (yen - refunded) // yen if yen else 0, quantity)
    return dict(history)
