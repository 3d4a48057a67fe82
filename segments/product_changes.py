"""What follows for orders and for buyers when a product is changed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from segments.models import Facts, Product, ProductKind, Purchase, PurchaseItem


def judge_orders_again(session: Session, product_ids: Sequence[int], now: datetime) -> None:
    """Set is_trial of the orders that hold these products; the next reviews learn what that means for their friends."""
    if not product_ids:
        return
    holds = exists().where(PurchaseItem.purchase_id == Purchase.id, PurchaseItem.product_id.in_(product_ids))
    other = (
        select(PurchaseItem.id)
        .join(Product, Product.id == PurchaseItem.product_id)
        .where(PurchaseItem.purchase_id == Purchase.id, Product.kind != ProductKind.TRIAL)
        .exists()
    )
    # execution option: no Purchase object of this session needs to follow.
    statement = update(Purchase).where(holds).values(is_trial=~other)
    session.execute(statement.execution_options(synchronize_session=False))
    look_at_buyers_again(session, product_ids, now)


def look_at_buyers_again(session: Session, product_ids: Sequence[int], now: datetime) -> None:
    """Have the purchases of friends who bought these products read anew by the next reviews, some at a time.

    A best seller may have a million buyers: here their day of review is moved, and nothing is computed.
    """
    if not product_ids:
        return
    buyers = (
        select(Purchase.friend_id)
        .join(PurchaseItem, PurchaseItem.purchase_id == Purchase.id)
        .where(PurchaseItem.product_id.in_(product_ids), Purchase.friend_id.is_not(None))
    )
    not_yet = Facts.unlearned_since.is_(None) | Facts.review_at.is_(None) | (Facts.review_at > now)
    soon = {"review_at": now, "unlearned_since": now}
    statement = update(Facts).where(Facts.friend_id.in_(buyers), not_yet).values(soon)
    session.execute(statement.execution_options(synchronize_session=False))
