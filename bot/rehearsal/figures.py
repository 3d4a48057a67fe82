"""What a rehearsal found: sends by campaign and day, skips by reason, yen, quota, and who hears most often."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Lived:
    """What the rehearsal itself knows."""

    began: datetime
    end: datetime
    zone: ZoneInfo
    used: Mapping[str, int]
    used_before: int
    reachable: int
    jumps: int
    purchases: int | None
    """How many were made up; None when nobody was to buy."""
    kill_switch_lifted: bool
    problems: Mapping[str, int]


class Campaign(NamedTuple):
    """What a message belongs to: kind is `broadcast`, `scenario` or `other`."""

    kind: str
    id: int | None
    name: str
    name_en: str


@dataclass
class CampaignFigures:
    """What became of one campaign's messages."""

    campaign: Campaign
    by_day: Counter[date] = field(default_factory=Counter[date])
    """Messages that LINE took, by the shop's calendar."""
    skipped: Counter[str] = field(default_factory=Counter[str])
    """Those that were not sent, by reason."""
    waiting: Counter[str] = field(default_factory=Counter[str])
    """Those still waiting at the end, by reason; empty for none."""
    state: str = ""
    """Of a broadcast, as it stands at the end."""

    @property
    def sent(self) -> int:
        """Messages that LINE took."""
        return self.by_day.total()


@dataclass(frozen=True)
class Month:
    """What one of LINE's months comes to; yen without tax."""

    name: str
    messages: int
    included: int
    """Messages that the plan includes."""
    limit: int | None
    """The most that may leave, by what LINE allows (the plan, where LINE was never asked) or the budget; None = no limit."""
    plan_yen: int
    extra_yen: int


@dataclass(frozen=True)
class Listener:
    """A friend who hears from the shop often."""

    friend_id: int
    name: str
    messages: int
    most_in_a_week: int


@dataclass(frozen=True)
class Figures:
    """The report."""

    lived: Lived
    campaigns: Sequence[CampaignFigures]
    months: Sequence[Month]
    listeners: Sequence[Listener]
    heard: int
    """Friends who got at least one message."""
    plan_name: str
    plan_name_en: str

    @property
    def sent(self) -> int:
        """Messages that LINE took."""
        return sum(each.sent for each in self.campaigns)

    @property
    def skipped(self) -> Counter[str]:
        """Messages that were not sent, by reason."""
        return sum((each.skipped for each in self.campaigns), Counter[str]())

    @property
    def by_day(self) -> Counter[date]:
        """Messages of all campaigns by day."""
        return sum((each.by_day for each in self.campaigns), Counter[date]())
