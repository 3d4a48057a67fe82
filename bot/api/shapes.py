"""The shapes of the API's bodies; the OpenAPI description is made from them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from segments.orders import MAX_MEMBER_NUMBER, MAX_ORDER_ID, MAX_QUANTITY, MAX_YEN, NewItem, NewPurchase

MAX_PURCHASES = 1000
MAX_ITEMS = 500
OLDEST_YEAR = 1900
BIGGEST_ID = 2**63 - 1

# No control letters: PostgreSQL stores no NUL, and nobody's order number has any.
PLAIN = r"^[^\x00-\x1f\x7f]+$"


def _whole(value: Any) -> Any:
    """Take 2980.0 for 2980, as JSON Schema does; "2980", true and 29.8 stay what they are, and are refused."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _believable(moment: datetime) -> datetime:
    """Refuse moments that no till was there for; the first and the last year have hours that are no date in UTC."""
    if moment.year < OLDEST_YEAR:
        message = f"before {OLDEST_YEAR}"
        raise ValueError(message)
    return moment


WHOLE = BeforeValidator(_whole)
Yen = Annotated[
    int,
    Field(ge=0, le=MAX_YEN, strict=True, description="税込み、円単位の整数 / whole yen, tax included"),
    WHOLE,
]
OrderId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ORDER_ID, pattern=PLAIN)]
MemberNumber = Annotated[str, StringConstraints(min_length=1, max_length=MAX_MEMBER_NUMBER, pattern=PLAIN)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=PLAIN)]


class Shape(BaseModel):
    """A body that takes no fields it does not know: a misspelt one is told, not lost."""

    model_config = ConfigDict(extra="forbid")


class Item(Shape):
    """One line of an order; without an amount it gets its share by list price."""

    product_code: Code
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY, strict=True), WHOLE] = 1
    amount_yen: Yen | None = None


class PurchaseIn(Shape):
    """One order. The buyer is named by `friend_id`, `line_user_id` or `member_number`."""

    order_id: OrderId
    bought_at: Annotated[AwareDatetime, AfterValidator(_believable)] = Field(
        description="ISO 8601 with its zone, e.g. 2026-11-21T14:30:00+09:00"
    )
    amount_yen: Yen
    items: Annotated[list[Item], Field(max_length=MAX_ITEMS)] = []
    friend_id: Annotated[int, Field(ge=1, le=BIGGEST_ID, strict=True), WHOLE] | None = None
    line_user_id: Code | None = None
    member_number: MemberNumber | None = None

    def order(self) -> NewPurchase:
        """Return the order as the lower floor takes it."""
        items = tuple(NewItem(each.product_code, each.quantity, each.amount_yen) for each in self.items)
        return NewPurchase(
            order_id=self.order_id,
            bought_at=self.bought_at,
            amount_yen=self.amount_yen,
            items=items,
            friend_id=self.friend_id,
            line_user_id=self.line_user_id,
            member_number=self.member_number,
        )


class PurchasesIn(Shape):
    """Up to a thousand orders in one call; each is judged by itself."""

    purchases: Annotated[list[PurchaseIn], Field(min_length=1, max_length=MAX_PURCHASES)]


class RawPurchases(Shape):
    """The same before its orders are judged one by one."""

    purchases: Annotated[list[Any], Field(min_length=1, max_length=MAX_PURCHASES)]


class Result(StrEnum):
    """What came of one order."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class PurchaseResult(BaseModel):
    """What came of the order at the same place of the call; code, message and details only when refused."""

    order_id: str | None
    result: Result
    purchase_id: int | None = None
    code: str | None = None
    message: str | None = None
    details: dict[str, Any] | None = None


class PurchasesOut(BaseModel):
    """What came of all orders of a call, in their order."""

    created: int
    unchanged: int
    refused: int
    results: list[PurchaseResult]


class RefundIn(Shape):
    """How much goes back; without an amount, all that is left."""

    amount_yen: Annotated[int, Field(ge=1, le=MAX_YEN, strict=True), WHOLE] | None = None


class PurchaseOut(BaseModel):
    """One order as it is stored."""

    order_id: str
    purchase_id: int
    friend_id: int | None
    member_number: str | None
    bought_at: datetime
    amount_yen: int
    refunded_yen: int
    refunded_at: datetime | None


class FriendOut(BaseModel):
    """What is known of one friend."""

    id: int
    line_user_id: str | None
    display_name: str
    language: str
    timezone: str | None
    """The friend's own, by its IANA name; null = the shop's. Quiet hours go by it."""
    member_number: str | None
    followed_at: datetime | None
    blocked_at: datetime | None
    opted_out_at: datetime | None
    stage: str
    stage_since: datetime
    stage_reason: str
    purchase_count: int
    spend_yen: int
    last_purchase_at: datetime | None
    next_due_at: datetime | None
    tags: list[str]


class TagOut(BaseModel):
    """A tag on a friend: who or what put it there and when, and the segment whose rule keeps it, if one does."""

    friend_id: int
    name: str
    set_by: str
    set_at: datetime
    kept_by_segment: str | None


class MemberCodeIn(Shape):
    """Whose code it shall be."""

    member_number: MemberNumber


class MemberCodeOut(BaseModel):
    """A one-time code; the friend types it in the chat. It is told this once."""

    member_number: str
    code: str
    expires_at: datetime


class CouponOut(BaseModel):
    """A coupon that was just used up: what to take off the bill, and whose it was."""

    code: str
    key: str
    title: str
    title_en: str
    discount_yen: int
    friend_id: int
    expires_at: datetime
    redeemed_at: datetime | None


class ErrorOut(BaseModel):
    """Why a call was not carried out: a stable code, a sentence in the caller's language, what it is about."""

    code: str
    message: str
    details: dict[str, Any] = {}
