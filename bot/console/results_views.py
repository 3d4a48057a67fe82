"""What the page of a broadcast's results shows: who got it, what they did within n days, what it cost and earned."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from scheduler import (
    broadcast_counting,
    broadcast_progress,
    broadcast_results,
    campaign_effect,
    quota,
    savings,
)
from scheduler.broadcast_figures import Figures
from scheduler.broadcast_progress import Progress
from scheduler.broadcast_results import DAYS, DEFAULT_DAYS
from scheduler.campaign_effect import Effect
from scheduler.models import DeliveryState

COUNTED_AT_ONCE = 2_000
"""Deliveries that are counted for the page itself; larger broadcasts are counted in the background."""


@dataclass(frozen=True)
class Results:
    """One broadcast's results."""

    days: int
    progress: Progress
    figures: Figures | None
    """None until they were counted for the first time."""
    counted_at: datetime | None
    effect: Effect | None
    yen_each: float
    """What one message costs on the shop's plan, before tax."""
    is_over: bool
    """Whether the days have passed for everybody who got it."""

    def of(self, state: DeliveryState) -> int:
        """Return how many deliveries stand there."""
        return self.progress.by_state.get(state, 0)

    @property
    def accepted(self) -> int:
        """How many got it."""
        return self.of(DeliveryState.ACCEPTED)

    @property
    def cost_yen(self) -> int:
        """What all its messages cost."""
        return round(self.accepted * self.yen_each)

    @property
    def yen_per_order(self) -> int | None:
        """What it cost for each order within the days; None without orders."""
        orders = self.figures.receivers.orders if self.figures else 0
        return round(self.accepted * self.yen_each / orders) if orders else None


def days_of(text: str) -> int:
    """Return the days asked for, the usual ones when they are none of those offered."""
    return int(text) if text in {str(each) for each in DAYS} else DEFAULT_DAYS


def results(session: Session, broadcast_id: int, days: int, now: datetime) -> Results:
    """Return a broadcast's results; raises NotFound (broadcast_unknown)."""
    progress = broadcast_progress.progress(session, broadcast_id)
    figures, counted_at = _figures(session, broadcast_id, days, progress, now)
    return Results(
        days=days,
        progress=progress,
        figures=figures,
        counted_at=counted_at,
        effect=campaign_effect.effect(figures.receivers, figures.control) if figures else None,
        yen_each=savings.message_sen(quota.plan_of(session)) / 100,
        is_over=progress.ended_at is not None and now >= progress.ended_at + timedelta(days=days),
    )


def _figures(
    session: Session, broadcast_id: int, days: int, progress: Progress, now: datetime
) -> tuple[Figures | None, datetime | None]:
    if sum(progress.by_state.values()) <= COUNTED_AT_ONCE:
        return broadcast_counting.count(session, broadcast_id, days), now
    found = broadcast_results.kept(session, broadcast_id, days)
    return (found.figures, found.at) if found else (None, None)
