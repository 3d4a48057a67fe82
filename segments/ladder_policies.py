"""What the shop decides about its ladders: thresholds with their limits, to and from JSON."""

from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from typing import Any, Self

from segments.errors import Invalid

MOST = 10**9 - 1
LONGEST = 36_500
"""Days; a hundred years, beyond which dates run out of the calendar."""


def whole(default: int, *, least: int = 1, most: int = MOST) -> Any:
    """Declare a whole number with its limits."""
    return field(default=default, metadata={"least": least, "most": most, "kind": int})


def days(default: int, *, least: int = 1) -> Any:
    """Declare a number of days."""
    return whole(default, least=least, most=LONGEST)


def perhaps(*, least: int = 1, most: int = MOST) -> Any:
    """Declare a whole number that need not be given."""
    return field(default=None, metadata={"least": least, "most": most, "kind": int, "optional": True})


def _factor(default: float, *, least: float, most: float) -> Any:
    return field(default=default, metadata={"least": least, "most": most, "kind": float})


@dataclass(frozen=True)
class Thresholds:
    """What every policy of numbers can do."""

    def to_json(self) -> dict[str, Any]:
        """Write the policy as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a policy; what is not said keeps its default.

        Raises Invalid("policy_invalid"): of a name that is none with field and known, of a value with field, least
        and most.
        """
        known = {each.name: each for each in fields(cls)}
        for name, value in data.items():
            if name not in known:
                raise Invalid("policy_invalid", field=name, known=list(known))
            if not _fits(known[name], value):
                limits = known[name].metadata
                raise Invalid("policy_invalid", field=name, least=limits["least"], most=limits["most"])
        return cls(**data)


def _fits(one: Field[Any], value: Any) -> bool:
    limits = one.metadata
    if value is None:
        return bool(limits.get("optional"))
    # A truth value is a number to Python, and no threshold.
    kinds = (int, float) if limits["kind"] is float else (int,)
    return type(value) in kinds and limits["least"] <= value <= limits["most"]


@dataclass(frozen=True)
class StagePolicy(Thresholds):
    """What the shop decides about its own pyramid."""

    regular_purchases: int = whole(3)
    """Full-price purchases within the window that make a regular."""
    regular_window_days: int = days(365)
    regular_spend_yen: int | None = perhaps()
    """When set, spending this much at full price within the window makes a regular too."""
    lapse_days_without_cycle: int = days(180)
    """Days after the last purchase when a buyer whose cycle is unknown has lapsed."""


@dataclass(frozen=True)
class GrowthPolicy(Thresholds):
    """What the shop decides about the seven growth stages."""

    settling_purchases: int = whole(2)
    """Orders of one product after which buying it is a habit, where the product has no count of its own."""
    related_products: int = whole(1)
    """Upgrades or related products bought that make an 熱心な顧客."""
    reactions: int = whole(3)
    """Messages and taps that make a フォロワー, the last of them within `reaction_days`."""
    reaction_days: int = days(90)
    referrals: int = whole(1)
    """Friends brought in that make a ファン; events joined do as well."""
    events: int = whole(1)
    subscription_grace: float = _factor(1.5, least=1.0, most=10.0)
    """How many of its periods may pass before a subscription counts as broken."""
    member_days: int = days(90, least=0)
    """For how many days a subscription has run unbroken when it makes a 会員."""
    evangelist_products: int = whole(5)
    """How many different products are most of this shop's range."""
    evangelist_related: int = whole(3)
    """How many of them are upgrades of or related to what was bought before."""
    evangelist_referrals: int = whole(3)


@dataclass(frozen=True)
class ClassPolicy(Thresholds):
    """What the shop decides about the four classes."""

    loyal_purchases: int = whole(5)
    """Purchases in all that a ロイヤルカスタマー has made, …"""
    loyal_days: int = days(730, least=0)
    """… the first of them so many days ago (数年という長期に渡って購入してくれる顧客)."""


@dataclass(frozen=True)
class LadderPolicies:
    """The policies of all ladders together."""

    stages: StagePolicy = field(default_factory=StagePolicy)
    growth: GrowthPolicy = field(default_factory=GrowthPolicy)
    classes: ClassPolicy = field(default_factory=ClassPolicy)
