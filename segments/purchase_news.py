"""Raises purchases and refunds as news (CustomerEvent) for scenarios and the timeline to read."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import bindparam, case, func, select, tuple_
from sqlalchemy.orm import Session, selectinload

from segments import driver_queries, driver_rows, events
from segments.micros import Micros, as_micros, micros_of
from segments.models import EventKind, Product, Purchase, PurchaseItem
from segments.purchase_history import counts

_ORDERS: Any = Purchase.__table__


class Order(NamedTuple):
    """What the news of one purchase tells."""

    bought_at: datetime
    purchase_id: int
    friend_id: int
    order_id: str
    amount_yen: int
    product_codes: list[str]
    is_trial: bool


def purchased(session: Session, purchase_ids: Sequence[int]) -> None:
    """Append PURCHASED, as `tell` does, for each stored purchase that has a friend."""
    if not purchase_ids:
        return
    query = select(Purchase).where(Purchase.id.in_(purchase_ids), Purchase.friend_id.is_not(None))
    found = session.scalars(query.options(selectinload(Purchase.items))).all()
    codes = _codes(session, (item for purchase in found for item in purchase.items))
    tell(
        session,
        [
            Order(
                one.bought_at,
                one.id,
                one.friend_id or 0,
                one.order_id,
                one.amount_yen,
                [codes[item.product_id] for item in one.items],
                one.is_trial,
            )
            for one in found
        ],
    )


def tell(session: Session, orders: Iterable[Order]) -> None:
    """Append PURCHASED for each purchase at its own date, the oldest first.

    The payload has purchase_id, order_id, amount_yen, product_codes, `trial`, `count` (the friend's n-th
    purchase that counts) and `first` (whether n is 1).
    """
    sorted_orders = sorted(orders)
    places = _places(session, sorted_orders)
    # Refunded in full by the time it was told has no place: nothing to say thank you for.
    told = [one for one in sorted_orders if one.purchase_id in places]
    if not told:
        return
    columns: dict[str, driver_rows.Values] = {
        "kind": [EventKind.PURCHASED.value] * len(told),
        "friend_id": [one.friend_id for one in told],
        "at": driver_rows.Moments(np.array([micros_of(one.bought_at) for one in told])),
        "payload": [json.dumps(_payload(one, places[one.purchase_id])) for one in told],
    }
    driver_rows.insert(session, "customer_events", columns)


def _payload(one: Order, place: int) -> dict[str, Any]:
    return {
        "purchase_id": one.purchase_id,
        "order_id": one.order_id,
        "amount_yen": one.amount_yen,
        "product_codes": one.product_codes,
        "trial": one.is_trial,
        "count": place,
        "first": place == 1,
    }


def refunded(session: Session, purchase_id: int, amount_yen: int, now: datetime) -> None:
    """Append REFUNDED with order_id, amount_yen (this time) and `full`, when the purchase has a friend."""
    purchase = session.get_one(Purchase, purchase_id, populate_existing=True)
    if purchase.friend_id is None:
        return
    events.append(
        session,
        EventKind.REFUNDED,
        purchase.friend_id,
        now,
        purchase_id=purchase.id,
        order_id=purchase.order_id,
        amount_yen=amount_yen,
        full=purchase.refunded_yen >= purchase.amount_yen,
    )


_RANKED = (
    select(
        _ORDERS.c.id,
        func.row_number()
        .over(partition_by=_ORDERS.c.friend_id, order_by=(_ORDERS.c.bought_at, _ORDERS.c.id))
        .label("place"),
    )
    .where(_ORDERS.c.friend_id.in_(bindparam("friend_ids", expanding=True)), counts())
    .subquery()
)
_PLACE = select(func.count(), func.max(case((_ORDERS.c.id == bindparam("purchase_id"), 1), else_=0))).where(
    _ORDERS.c.friend_id == bindparam("friend_id"),
    tuple_(as_micros(_ORDERS.c.bought_at), _ORDERS.c.id)
    <= tuple_(bindparam("bought_at", type_=Micros), bindparam("purchase_id")),
    counts(),
)
_PLACES = select(_RANKED).where(_RANKED.c.id.in_(bindparam("purchase_ids", expanding=True)))


def _places(session: Session, orders: Sequence[Order]) -> dict[int, int]:
    """Return, for each of the purchases that counts, that it is its friend's n-th."""
    if not orders:
        return {}
    if len(orders) == 1:  # as at a till; what was just recorded counts itself
        one = orders[0]
        at = micros_of(one.bought_at)
        wanted = {"friend_id": one.friend_id, "bought_at": at, "purchase_id": one.purchase_id}
        ((place, is_counted),) = driver_queries.asked(session, _PLACE, wanted)
        return {one.purchase_id: place} if is_counted else {}
    wanted = {
        "friend_ids": list({one.friend_id for one in orders}),
        "purchase_ids": [one.purchase_id for one in orders],
    }
    return dict(session.connection().execute(_PLACES, wanted).all())


def _codes(session: Session, items: Iterable[PurchaseItem]) -> dict[int, str]:
    ids = {item.product_id for item in items}
    return dict(session.execute(select(Product.id, Product.code).where(Product.id.in_(ids))).all())
