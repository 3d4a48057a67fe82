"""What campaigns sent and what followed, read from the figures of each night."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import plan_settings, savings
from scheduler.campaign_days import SETTING
from scheduler.models import Broadcast, CampaignDay, Scenario
from segments.models import Setting


@dataclass(frozen=True)
class Figures:
    """What was sent, and what followed within seven days."""

    accepted: int = 0
    billed: int = 0
    taps: int = 0
    blocks: int = 0
    orders: int = 0
    yen: int = 0
    cost_yen: int = 0
    """What the billed messages are worth at the price of one more message on the shop's plan."""

    @property
    def tap_rate(self) -> float | None:
        """Tapped ÷ accepted, 0 to 1; None where nothing was sent."""
        return self.taps / self.accepted if self.accepted else None

    @property
    def block_rate(self) -> float | None:
        """Blocks ÷ accepted."""
        return self.blocks / self.accepted if self.accepted else None

    @property
    def cost_per_order(self) -> float | None:
        """Yen spent for each order that followed; None without orders."""
        return self.cost_yen / self.orders if self.orders else None


@dataclass(frozen=True)
class Campaign:
    """One broadcast or scenario in a period."""

    broadcast_id: int
    scenario_id: int
    name: str
    name_en: str
    figures: Figures


@dataclass(frozen=True)
class Campaigns:
    """The campaigns of a period, and all of them by day."""

    rows: Sequence[Campaign]
    """Those that sent most first."""
    total: Figures
    days: dict[date, Figures]
    counted_at: datetime | None
    """When it was counted; None before the first night."""
    message_yen: float
    """What one message is worth."""


def campaigns(session: Session, since: date, until: date) -> Campaigns:
    """Return what was sent from one day to another, both included."""
    yen = savings.message_sen(plan_settings.plan_of(session)) / 100
    within = (CampaignDay.day >= since, CampaignDay.day <= until)
    of = (CampaignDay.broadcast_id, CampaignDay.scenario_id)
    rows = session.execute(select(*of, *_SUMS).where(*within).group_by(*of)).all()
    days = session.execute(select(CampaignDay.day, *_SUMS).where(*within).group_by(CampaignDay.day)).all()
    names = _names(session, [row[0] for row in rows])
    found = [
        Campaign(row[0], row[1], *names.get((row[0], row[1]), ("", "")), _figures(row[2:], yen))
        for row in rows
    ]
    return Campaigns(
        rows=sorted(found, key=lambda each: (-each.figures.accepted, each.broadcast_id, each.scenario_id)),
        total=_figures([sum(column) for column in zip(*(row[2:] for row in rows), strict=True)], yen),
        days={row[0]: _figures(row[1:], yen) for row in days},
        counted_at=session.scalar(select(Setting.updated_at).where(Setting.name == SETTING)),
        message_yen=yen,
    )


def totals(session: Session, since: date, until: date) -> Figures:
    """Return all campaigns of some days together, both days included."""
    yen = savings.message_sen(plan_settings.plan_of(session)) / 100
    within = (CampaignDay.day >= since, CampaignDay.day <= until)
    return _figures(session.execute(select(*_SUMS).where(*within)).one(), yen)


def added(figures: Sequence[Figures]) -> Figures:
    """Return the sum of some figures."""
    names = ("accepted", "billed", "taps", "blocks", "orders", "yen", "cost_yen")
    return Figures(*(sum(getattr(each, name) for each in figures) for name in names))


_SUMS = tuple(
    func.sum(column)
    for column in (
        CampaignDay.accepted,
        CampaignDay.billed,
        CampaignDay.taps,
        CampaignDay.blocks,
        CampaignDay.orders,
        CampaignDay.yen,
    )
)


def _figures(sums: Sequence[int | None], yen: float) -> Figures:
    numbers = [int(each or 0) for each in sums] or [0] * len(_SUMS)
    return Figures(*numbers, cost_yen=round(numbers[1] * yen))


def _names(session: Session, broadcast_ids: Sequence[int]) -> dict[tuple[int, int], tuple[str, str]]:
    """Return what campaigns are called in Japanese and English; one that was deleted is missing."""
    found: dict[tuple[int, int], tuple[str, str]] = {}
    for id_, name, name_en in session.execute(select(Scenario.id, Scenario.name, Scenario.name_en)):
        found[0, id_] = (name, name_en or name)
    ids = sorted(set(broadcast_ids))
    for start in range(0, len(ids), 500):
        some = Broadcast.id.in_(ids[start : start + 500])
        for id_, name in session.execute(select(Broadcast.id, Broadcast.name).where(some)):
            found[id_, 0] = (name, name)
    return found
