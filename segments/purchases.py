"""Records purchases and refunds, once each: the order id makes telling an order twice harmless."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import facts, purchase_news
from segments.errors import Invalid, KokyakuError, NotFound
from segments.models import Purchase
from segments.orders import NewItem, NewPurchase
from segments.recording import Told, record_many

__all__ = ["NewItem", "NewPurchase", "Recorded", "record", "refund"]

ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A purchase as it is stored, and whether this call stored it."""

    session: Session
    purchase_id: int
    created: bool

    @property
    def purchase(self) -> Purchase:
        """The row, read when it is asked for: who tells of an order seldom does."""
        return self.session.get_one(Purchase, self.purchase_id, populate_existing=True)


def record(
    session: Session, new: NewPurchase, now: datetime, source: str, *, announce: bool = True
) -> Recorded:
    """Record one order told by `source` (`api:2`, `till`); telling it again changes nothing.

    Raises Invalid (amount_negative, bought_in_future, quantity_out_of_range, …), NotFound
    (product_unknown, friend_unknown) or Conflict (order_differs, owner_contradicts). A refund in
    `new` beyond the stored one is taken as a refund.
    """
    outcome = record_many(session, [new], now, source, announce_since=ALWAYS if announce else None)[0]
    if isinstance(outcome, KokyakuError):
        raise outcome
    return Recorded(session, outcome.purchase_id, outcome.told == Told.NEW)


def refund(session: Session, order_id: str, now: datetime, amount_yen: int | None = None) -> Purchase:
    """Refund `amount_yen` more of an order, or with None all that is left of it; a full one no longer counts.

    Refunding in full twice changes nothing. Raises NotFound (order_unknown) or Invalid
    (refund_too_large, refund_not_positive).
    """
    if amount_yen is not None and amount_yen < 1:
        raise Invalid("refund_not_positive", given=amount_yen)
    purchase = _locked(session, order_id)
    left = purchase.amount_yen - purchase.refunded_yen
    amount = left if amount_yen is None else amount_yen
    if amount > left:
        raise Invalid("refund_too_large", given=amount, remaining=left)
    if purchase.refunded_at is not None and left == 0:
        return purchase
    purchase.refunded_yen += amount
    purchase.refunded_at = now
    session.flush()
    purchase_news.refunded(session, purchase.id, amount, now)
    if purchase.friend_id is not None:
        facts.learn_purchases(session, purchase.friend_id, now)
    return purchase


def _locked(session: Session, order_id: str) -> Purchase:
    # Two refunds at once must not both see the same remainder.
    query = select(Purchase).where(Purchase.order_id == order_id).with_for_update()
    purchase = session.scalar(query.execution_options(populate_existing=True))
    if purchase is None:
        raise NotFound("order_unknown", order_id=order_id)
    return purchase
