"""What the calendar is made of: a month, its days, and what goes out on each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from scheduler.models import Broadcast, Scenario, Step
from segments.shop import Shop


@dataclass(frozen=True)
class Entry:
    """What one broadcast, or one step or scenario, sends on a day."""

    messages: float
    broadcast: Broadcast | None = None
    scenario: Scenario | None = None
    step: Step | None = None
    """None for what a scenario sent in the past: that is kept by scenario."""
    at: datetime | None = None
    went_out: bool = False
    billed: int = 0
    taps: int = 0
    blocks: int = 0


@dataclass
class Day:
    """One day of the shop's calendar."""

    day: date
    is_closed: bool
    entries: list[Entry] = field(default_factory=list[Entry])
    starts: list[tuple[Scenario, int]] = field(default_factory=list[tuple[Scenario, int]])
    """Scenarios by date, and how many friends start in them."""
    coupons: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    """Coupons by title, and how many friends hold one that ends."""
    yen: int = 0
    """What its messages add to the month's bill, before tax; 0 while the plan includes them."""

    @property
    def sent(self) -> int:
        """Messages that went out."""
        return round(sum(each.messages for each in self.entries if each.went_out))

    @property
    def expected(self) -> int:
        """Messages still to come."""
        return round(sum(each.messages for each in self.entries if not each.went_out))


@dataclass(frozen=True)
class Month:
    """The days of one month."""

    days: Sequence[Day]
    settings: Shop
    today: date
    counted_at: datetime | None = None
    """When what is still to come was counted; None when nothing is."""

    @property
    def yen(self) -> int:
        """What its messages add to the bill."""
        return sum(day.yen for day in self.days)
