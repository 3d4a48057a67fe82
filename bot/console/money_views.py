"""What the page of messages and yen shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.i18n import current_language
from scheduler import kept_forecast, line_quota, meter, plan_settings, reconciling
from scheduler.meter import Meter
from scheduler.month_forecast import Forecast
from scheduler.months import next_month
from scheduler.plans import Plan
from scheduler.reconciling import Comparison

DAYS = 14


@dataclass(frozen=True)
class Money:
    """This month."""

    forecast: Forecast
    forecast_at: datetime
    """When what is still to be sent was counted."""
    meter: Meter
    line: tuple[int, datetime] | None
    """LINE's own count and when it was given."""
    line_limit: int | None
    held_since: datetime | None
    next_month: datetime
    checks: Sequence[Comparison]
    own_plans: frozenset[str]
    prices: dict[str, str]
    """By the plan's key, what additional messages cost."""

    @property
    def largest(self) -> int:
        """The messages that the longest bar stands for."""
        return max(self.forecast.wanted, self.forecast.limit or 0, self.forecast.plan.included, 1)


def money(session: Session, now: datetime) -> Money:
    """Gather the page's figures."""
    found, counted_at = kept_forecast.load(session, now)
    known = [offer.plan for offer in found.offers]
    return Money(
        forecast=found,
        forecast_at=counted_at,
        meter=meter.read(session, now),
        line=line_quota.line_used(session, now),
        line_limit=line_quota.line_limit(session),
        held_since=meter.held_since(session),
        next_month=next_month(now),
        checks=reconciling.comparisons(session, DAYS),
        own_plans=frozenset(plan.key for plan in known if plan_settings.is_own(session, plan.key)),
        prices={plan.key: price_words(plan, current_language()) for plan in known},
    )


def price_words(plan: Plan, language: str) -> str:
    """Return what additional messages cost, in words; empty when none are sold."""
    parts: list[str] = []
    for tier in plan.extra:
        each = f"¥{tier.yen:g} each" if language == "en" else f"1通{tier.yen:g}円"
        if tier.up_to is not None:
            end = f"{tier.up_to:,}"
            each += f" for the first {end}" if language == "en" else f"（追加{end}通まで）"
        parts.append(each)
    return (", then " if language == "en" else "、その先は").join(parts)
