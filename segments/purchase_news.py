"""Raises purchases and refunds as news (CustomerEvent) for scenarios and the timeline to read."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from segments import events
from segments.models import EventKind, Product, Purchase, PurchaseItem
from segments.purchase_history import counts


def purchased(session: Session, purchase_ids: Sequence[int]) -> None:
    """Append PURCHASED for each purchase that has a friend, at its own date.

    The payload has order_id, amount_yen, product_codes, `count` (the friend's n-th purchase that
    counts) and `first` (whether n is 1).
    """
    if not purchase_ids:
        return
    query = select(Purchase).where(Purchase.id.in_(purchase_ids), Purchase.friend_id.is_not(None))
    purchases = session.scalars(
        query.options(selectinload(Purchase.items)).order_by(Purchase.bought_at, Purchase.id)
    )
    found = purchases.all()
    places = _places(session, {purchase.friend_id for purchase in found if purchase.friend_id is not None})
    codes = _codes(session, (item for purchase in found for item in purchase.items))
    for purchase in found:
        assert purchase.friend_id is not None
        place = places.get(purchase.id)
        if place is None:
            continue  # refunded in full by the time it was told: nothing to say thank you for
        events.append(
            session,
            EventKind.PURCHASED,
            purchase.friend_id,
            purchase.bought_at,
            purchase_id=purchase.id,
            order_id=purchase.order_id,
            amount_yen=purchase.amount_yen,
            product_codes=[codes[item.product_id] for item in purchase.items],
            trial=purchase.is_trial,
            count=place,
            first=place == 1,
        )


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


def _places(session: Session, friend_ids: set[int]) -> dict[int, int]:
    """Return, for each purchase that counts, that it is its friend's n-th."""
    place = func.row_number().over(
        partition_by=Purchase.friend_id, order_by=(Purchase.bought_at, Purchase.id)
    )
    query = select(Purchase.id, place).where(Purchase.friend_id.in_(friend_ids), counts())
    return dict(session.execute(query).all())


def _codes(session: Session, items: Iterable[PurchaseItem]) -> dict[int, str]:
    ids = {item.product_id for item in items}
    return dict(session.execute(select(Product.id, Product.code).where(Product.id.in_(ids))).all())
