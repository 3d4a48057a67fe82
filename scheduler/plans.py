"""LINE's plans in Japan, and what so many messages a month cost on each: pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from segments.errors import Invalid

KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
NAME_LIMIT = 64
MOST = 100_000_000
"""Yen or messages: more is a typing error."""
MOST_TIERS = 20


@dataclass(frozen=True)
class Tier:
    """A price for additional messages, up to a number of them (None = without end)."""

    up_to: int | None
    yen: float


@dataclass(frozen=True)
class Plan:
    """One of LINE's plans in Japan; prices without tax."""

    key: str
    name: str
    name_en: str
    monthly_yen: int
    included: int
    extra: tuple[Tier, ...] = ()


PLANS = (
    Plan("communication", "コミュニケーションプラン", "Communication plan", 0, 200),
    Plan("light", "ライトプラン", "Light plan", 5_000, 5_000),
    Plan(
        "standard",
        "スタンダードプラン",
        "Standard plan",
        15_000,
        30_000,
        (Tier(50_000, 3.0), Tier(None, 2.8)),
    ),
)
"""As LINE publishes them in 2026; what a shop edits or adds is stored under a setting and stands before these."""


def read_tiers(text: str) -> tuple[Tier, ...]:
    """Read prices such as `50000:3, 2.8`: ¥3 each up to 50,000 additional ones, ¥2.8 beyond; empty = none are sold.

    Raises Invalid("plan_invalid", field="extra").
    """
    try:
        return tuple(_tier(part) for part in text.replace("、", ",").split(",") if part.strip())
    except ValueError as error:
        raise Invalid("plan_invalid", field="extra") from error


def write_tiers(tiers: Sequence[Tier]) -> str:
    """Write prices as `read_tiers` reads them."""
    return ", ".join(
        f"{tier.yen:g}" if tier.up_to is None else f"{tier.up_to}:{tier.yen:g}" for tier in tiers
    )


def extra_cost(plan: Plan, messages: int) -> float:
    """Return the yen for what `messages` in a month exceed the plan's included ones by; each tier prices its own part."""
    extra, start, cost = max(0, messages - plan.included), 0, 0.0
    for tier in plan.extra:
        end = extra if tier.up_to is None else min(extra, tier.up_to)
        cost += max(0, end - start) * tier.yen
        start = max(start, end)
    return cost


def bill(plan: Plan, messages: int) -> int | None:
    """Return the month's bill in yen before tax; None when the plan does not allow so many."""
    most = most_messages(plan)
    if most is not None and messages > most:
        return None
    return round(plan.monthly_yen + extra_cost(plan, messages))


def most_messages(plan: Plan) -> int | None:
    """Return how many messages a month the plan allows; None = without end."""
    if not plan.extra:
        return plan.included
    last = plan.extra[-1].up_to
    return None if last is None else plan.included + last


def messages_for(plan: Plan, budget_yen: int) -> int | None:
    """Return the most messages whose bill stays within a budget; None = any number.

    What the plan includes is paid for already, whatever the budget: additional messages alone are limited by it.
    """
    left, allowed, start = max(0, budget_yen - plan.monthly_yen), plan.included, 0
    for tier in plan.extra:
        room = None if tier.up_to is None else tier.up_to - start
        affordable = None if tier.yen <= 0 else int(left / tier.yen + 1e-9)
        taken = min((each for each in (room, affordable) if each is not None), default=None)
        if taken is None:
            return None
        allowed, left = allowed + taken, left - taken * tier.yen
        if room is None or taken < room:
            return allowed
        start += room
    return allowed


def _tier(part: str) -> Tier:
    number, colon, yen = part.strip().rpartition(":")
    return Tier(int(number.replace("_", "")) if colon else None, float(yen))


def check(plan: Plan) -> None:
    """Raise Invalid("plan_invalid", field=…) for a plan that nobody could sell."""
    ends = [tier.up_to for tier in plan.extra]
    grows = all(one is not None and other > one for one, other in zip(ends, _numbers(ends[1:]), strict=False))
    fine = {
        "key": bool(KEY.fullmatch(plan.key)),
        "name": 0 < len(plan.name.strip()) <= NAME_LIMIT and plan.name.isprintable(),
        "name_en": 0 < len(plan.name_en.strip()) <= NAME_LIMIT and plan.name_en.isprintable(),
        "monthly_yen": 0 <= plan.monthly_yen <= MOST,
        "included": 0 <= plan.included <= MOST,
        "extra": len(ends) <= MOST_TIERS and grows and all(_is_price(tier) for tier in plan.extra),
    }
    wrong = next((name for name, is_fine in fine.items() if not is_fine), None)
    if wrong is not None:
        raise Invalid("plan_invalid", field=wrong)


def _numbers(ends: Sequence[int | None]) -> list[float]:
    return [float("inf") if end is None else end for end in ends]


def _is_price(tier: Tier) -> bool:
    # A NaN is neither.
    return 0 <= tier.yen <= 1000 and (tier.up_to is None or 0 < tier.up_to <= MOST)
