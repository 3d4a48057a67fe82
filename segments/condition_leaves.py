"""The leaves of a condition tree: one question about a friend each, as typed values.

`within_days` means less than so many days ago, `before_days` at least so many, counted from the moment of asking.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from segments.cycle import CycleStatus
from segments.stages import Stage

LONGEST_LIST = 1000
"""Friends named one by one in a condition; longer lists are frozen (audience.freeze_list) and named as one."""

Days = Annotated[int, Field(ge=1, le=3660)]
Number = Annotated[int, Field(ge=0, le=10**9)]
Name = Annotated[str, Field(min_length=1, max_length=128)]
Names = Annotated[list[Name], Field(min_length=1, max_length=LONGEST_LIST)]


class Node(BaseModel):
    """A part of a condition: unchanging, and strict about what it is made of."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class _Period(Node):
    within_days: Days | None = None
    before_days: Days | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.within_days is None and self.before_days is None:
            message = "within_days or before_days is needed"
            raise ValueError(message)
        return self


class _Range(Node):
    at_least: Number | None = None
    at_most: Number | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.at_least is None and self.at_most is None:
            message = "at_least or at_most is needed"
            raise ValueError(message)
        return self


class Everyone(Node):
    """No condition at all."""

    kind: Literal["everyone"] = Field(default="everyone", alias="is")


class InStage(Node):
    """Stands on one of these rungs of the pyramid."""

    kind: Literal["stage"] = Field(default="stage", alias="is")
    stages: list[Stage] = Field(min_length=1)


class Suppressed(Node):
    """Is to get no further offers."""

    kind: Literal["suppressed"] = Field(default="suppressed", alias="is")


class Tagged(Node):
    """Carries one of these tags."""

    kind: Literal["tag"] = Field(default="tag", alias="is")
    names: Names


class Speaks(Node):
    """Uses LINE in one of these languages."""

    kind: Literal["language"] = Field(default="language", alias="is")
    languages: Names


class CameBy(Node):
    """Arrived by one of these routes."""

    kind: Literal["route"] = Field(default="route", alias="is")
    routes: Names


class OptedIn(Node):
    """Did not ask us to stop."""

    kind: Literal["opted_in"] = Field(default="opted_in", alias="is")


class Reachable(Node):
    """Follows us now, did not block us and did not ask us to stop."""

    kind: Literal["reachable"] = Field(default="reachable", alias="is")


class Followed(_Period):
    """First followed within or before so many days."""

    kind: Literal["followed"] = Field(default="followed", alias="is")


class PurchaseCount(_Range):
    """Bought so many times; purchases refunded in full do not count."""

    kind: Literal["purchase_count"] = Field(default="purchase_count", alias="is")


class Spend(_Range):
    """Spent so many yen in all."""

    kind: Literal["spend"] = Field(default="spend", alias="is")


class ReferralCount(_Range):
    """Brought so many friends."""

    kind: Literal["referral_count"] = Field(default="referral_count", alias="is")


class LastPurchase(_Period):
    """Last bought within or before so many days; who never bought is in neither."""

    kind: Literal["last_purchase"] = Field(default="last_purchase", alias="is")


class Bought(Node):
    """Bought one of these products, or from one of these categories, at any time or within so many days."""

    kind: Literal["bought"] = Field(default="bought", alias="is")
    products: list[Name] = Field(default_factory=list[str], max_length=LONGEST_LIST)
    categories: list[Name] = Field(default_factory=list[str], max_length=LONGEST_LIST)
    within_days: Days | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.products and not self.categories:
            message = "products or categories are needed"
            raise ValueError(message)
        return self


class InCycle(Node):
    """Stands so in their purchase cycle, over all or of one category."""

    kind: Literal["cycle"] = Field(default="cycle", alias="is")
    statuses: list[CycleStatus] = Field(min_length=1)
    category: str = ""


class DueWithin(Node):
    """Is expected to buy within so many days from now."""

    kind: Literal["due_within"] = Field(default="due_within", alias="is")
    days: Days
    category: str = ""


class BirthdayWithin(Node):
    """Has their birthday today (0) or within so many days, by the shop's calendar."""

    kind: Literal["birthday_within"] = Field(default="birthday_within", alias="is")
    days: int = Field(ge=0, le=365)


class FreeItemClaimed(Node):
    """Claimed the free item."""

    kind: Literal["free_item_claimed"] = Field(default="free_item_claimed", alias="is")


class HasCoupon(Node):
    """Holds a coupon they can still use, of one of these kinds or of any."""

    kind: Literal["has_coupon"] = Field(default="has_coupon", alias="is")
    keys: list[Name] = Field(default_factory=list[str], max_length=LONGEST_LIST)


class InAudience(Node):
    """Is in a frozen list."""

    kind: Literal["audience"] = Field(default="audience", alias="is")
    audience_id: int


class OneOf(Node):
    """Is one of these friends."""

    kind: Literal["friends"] = Field(default="friends", alias="is")
    ids: list[int] = Field(max_length=LONGEST_LIST)


OfFacts = InStage | Suppressed | FreeItemClaimed | PurchaseCount | Spend | ReferralCount | LastPurchase
"""Answered by the friend's facts row."""

OfFriend = Everyone | Speaks | CameBy | OptedIn | Reachable | Followed | BirthdayWithin | OneOf
"""Answered by the friend's own row."""

OfOthers = Tagged | Bought | InCycle | DueWithin | HasCoupon | InAudience
"""Answered by rows that point at the friend."""

Leaf = OfFacts | OfFriend | OfOthers
