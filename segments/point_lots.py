"""Which points of a ledger are left, and until when: spending takes first what goes first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from segments.models import PointEntry

NEVER = datetime.max.replace(tzinfo=UTC)
EXPIRY = "expiry"


@dataclass
class Lot:
    """Points that came in at once, as far as they are left."""

    entry_id: int
    purchase_id: int | None
    expires_at: datetime | None
    left: int


@dataclass(frozen=True)
class Standing:
    """What a ledger comes to: `sum of lots - debt` is the sum of its entries."""

    lots: Sequence[Lot]
    debt: int
    """Points that were spent and whose purchase was refunded since: the next ones earned pay for them."""

    def left_of(self, entry_id: int) -> int:
        """Return what is left of the points one entry brought."""
        return sum(lot.left for lot in self.lots if lot.entry_id == entry_id)

    def balance(self, now: datetime) -> int:
        """Return what a friend has at `now`; what expired counts no longer, whether or not the clock has seen to it."""
        return sum(lot.left for lot in self.lots if _lasts(lot, now)) - self.debt

    def expiring(self, now: datetime) -> list[tuple[datetime, int]]:
        """Return the days on which points go and how many, the next first."""
        by_day: dict[datetime, int] = {}
        for lot in self.lots:
            if lot.left and lot.expires_at is not None and lot.expires_at > now:
                by_day[lot.expires_at] = by_day.get(lot.expires_at, 0) + lot.left
        return sorted(by_day.items())


def standing(entries: Iterable[PointEntry]) -> Standing:
    """Replay a friend's entries in the order in which they were written."""
    lots: list[Lot] = []
    debt = 0
    for entry in sorted(entries, key=lambda each: each.id):
        if entry.points > 0:
            paid = min(debt, entry.points)
            debt -= paid
            lots.append(Lot(entry.id, entry.purchase_id, entry.expires_at, entry.points - paid))
        else:
            debt += _taken(entry, lots)
    return Standing(lots, debt)


def expiry_cause(entry_id: int) -> str:
    """Return the cause under which the rest of an entry expires: once."""
    return f"{EXPIRY}:{entry_id}"


def _taken(entry: PointEntry, lots: Sequence[Lot]) -> int:
    """Take an entry's points out of the lots; return what none of them could give."""
    need = -entry.points
    usable = (lot for lot in lots if _lasts(lot, entry.at) or _is_own(lot, entry))
    for lot in sorted(usable, key=lambda each: _order(each, entry)):
        taken = min(lot.left, need)
        lot.left -= taken
        need -= taken
    return need


def _order(lot: Lot, entry: PointEntry) -> tuple[bool, datetime, int]:
    return not _is_own(lot, entry), lot.expires_at or NEVER, lot.entry_id


def _is_own(lot: Lot, entry: PointEntry) -> bool:
    """Tell whether an entry speaks of this lot: its expiry, or a refund of the purchase that earned it."""
    if entry.cause == expiry_cause(lot.entry_id):
        return True
    return entry.purchase_id is not None and entry.purchase_id == lot.purchase_id


def _lasts(lot: Lot, now: datetime) -> bool:
    return lot.expires_at is None or lot.expires_at > now
