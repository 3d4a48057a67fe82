"""Orders as they are told to us: their shape, and what is refused whatever the database holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from segments.errors import Invalid

CLOCK_SKEW = timedelta(minutes=5)
"""A till's clock may run ahead of ours by this much."""

MAX_YEN = 999_999_999
MAX_QUANTITY = 1_000_000
MAX_ORDER_ID = 128
MAX_MEMBER_NUMBER = 64


@dataclass(frozen=True, slots=True)
class NewItem:
    """One line of an order; without an amount it gets its share of the order's by list price."""

    product_code: str
    quantity: int = 1
    amount_yen: int | None = None


@dataclass(frozen=True, slots=True)
class NewPurchase:
    """One order: whose, when, how much (tax included yen). An order without items is fine.

    The buyer is named by `friend_id`, `line_user_id` or `member_number`; a member number nobody
    has linked yet is kept, and the purchase attaches once somebody does.
    """

    order_id: str
    bought_at: datetime
    amount_yen: int
    items: tuple[NewItem, ...] = ()
    friend_id: int | None = None
    line_user_id: str | None = None
    member_number: str | None = None
    refunded_yen: int = 0


def problem_of(new: NewPurchase, now: datetime) -> Invalid | None:
    """Return why `new` can never be recorded, or None."""
    return (
        _identity_problem(new) or _date_problem(new, now) or _amount_problem(new) or _item_problem(new.items)
    )


def _identity_problem(new: NewPurchase) -> Invalid | None:
    if not new.order_id.strip():
        return Invalid("order_id_missing")
    if len(new.order_id) > MAX_ORDER_ID:
        return Invalid("order_id_too_long", length=len(new.order_id), limit=MAX_ORDER_ID)
    if new.friend_id is None and not new.line_user_id and not new.member_number:
        return Invalid("owner_missing")
    if new.member_number and len(new.member_number) > MAX_MEMBER_NUMBER:
        return Invalid("member_number_too_long", length=len(new.member_number), limit=MAX_MEMBER_NUMBER)
    return None


def _date_problem(new: NewPurchase, now: datetime) -> Invalid | None:
    if new.bought_at.tzinfo is None:
        return Invalid("date_without_zone", given=new.bought_at.isoformat())
    if new.bought_at > now + CLOCK_SKEW:
        return Invalid("bought_in_future", given=new.bought_at.isoformat())
    return None


def _amount_problem(new: NewPurchase) -> Invalid | None:
    for amount in (new.amount_yen, *(item.amount_yen or 0 for item in new.items)):
        if amount < 0:
            return Invalid("amount_negative", given=amount)
        if amount > MAX_YEN:
            return Invalid("amount_too_large", given=amount, limit=MAX_YEN)
    if not 0 <= new.refunded_yen <= new.amount_yen:
        return Invalid("refund_too_large", given=new.refunded_yen, remaining=new.amount_yen)
    return None


def _item_problem(items: Sequence[NewItem]) -> Invalid | None:
    for item in items:
        if not 1 <= item.quantity <= MAX_QUANTITY:
            return Invalid("quantity_out_of_range", given=item.quantity, limit=MAX_QUANTITY)
    return None


def shares(items: Sequence[NewItem], amount_yen: int, prices: Mapping[str, int]) -> list[int]:
    """Return what each item cost: its own amount, or its share of what the others leave, by list price.

    The shares of an order whose items name no amount add up to `amount_yen` exactly.
    """
    open_items = [item for item in items if item.amount_yen is None]
    left = max(0, amount_yen - sum(item.amount_yen or 0 for item in items))
    weights = [prices[item.product_code] * item.quantity for item in open_items]
    if not sum(weights):
        weights = [item.quantity for item in open_items]
    given = iter(_split(left, weights))
    return [next(given) if item.amount_yen is None else item.amount_yen for item in items]


def _split(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weights; each running total is rounded, so the parts add up."""
    total, parts, seen, paid = sum(weights), list[int](), 0, 0
    for weight in weights:
        seen += weight
        due = amount * seen // total
        parts.append(due - paid)
        paid = due
    return parts
