"""Decile analysis (デシル分析): buyers in ten groups by what they spent, measured nightly and shown as a table."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, select
from sqlalchemy.orm import Session

from segments import rfm, shop
from segments.models import Facts
from segments.rfm_cuts import DECILES, Deciles

STREAMED = 10_000


@dataclass(frozen=True, slots=True)
class Decile:
    """One of the ten groups; shares are of all that buyers spent, from 0 to 1."""

    decile: int
    """1 is the tenth that spent most."""
    at_least_yen: int
    buyers: int
    yen: int
    share: float
    cumulative_share: float

    @property
    def average_yen(self) -> float:
        """Yen spent by one buyer of the group on average; 0 in an empty one."""
        return self.yen / self.buyers if self.buyers else 0.0


def measure(session: Session, now: datetime) -> Deciles:
    """Return the spend at which each decile begins among the buyers as they are.

    A buyer's decile is 1 + floor(10 r / N), r being how many of the N buyers spent more: who spent the same
    is in the same decile, and with fewer than ten buyers some deciles stay empty.
    """
    buyers = session.scalar(select(func.count()).where(Facts.purchase_count > 0)) or 0
    spends = (
        select(Facts.spend_yen, func.count())
        .where(Facts.purchase_count > 0)
        .group_by(Facts.spend_yen)
        .order_by(Facts.spend_yen.desc())
        .execution_options(yield_per=STREAMED)
    )
    bounds = bounds_of(((yen, number) for yen, number in session.execute(spends)), buyers)
    return Deciles(bounds, buyers, shop.load(session).today(now))


def bounds_of(spends: Iterable[tuple[int, int]], buyers: int) -> tuple[int, ...]:
    """Return the nine bounds from (yen, how many spent it), highest first; () without buyers."""
    # The last one within decile k has the place ceil(k N / 10) from the top, counted from 1.
    places = [ceil(decile * buyers / 10) for decile in DECILES[:-1]] if buyers else []
    bounds: list[int] = []
    seen = 0
    for yen, number in spends:
        seen += number
        while len(bounds) < len(places) and places[len(bounds)] <= seen:
            bounds.append(yen)
    return tuple(bounds)


def keep(session: Session, now: datetime) -> Deciles:
    """Measure the deciles and put them in force for conditions."""
    measured = measure(session, now)
    rfm.save_deciles(session, measured, now)
    return measured


def in_force(session: Session, now: datetime) -> Deciles:
    """Return the deciles that conditions go by; before the first night, what measuring would say now."""
    kept = rfm.load(session).deciles
    return kept if kept.bounds else measure(session, now)


def table(session: Session, deciles: Deciles) -> list[Decile]:
    """Return the ten groups as buyers now stand against bounds measured before; [] when there are none."""
    if not deciles.bounds:
        return []
    decile = _decile(deciles).label("decile")
    yen = cast(func.sum(Facts.spend_yen), BigInteger)
    query = select(decile, func.count(), yen).where(Facts.purchase_count > 0).group_by(decile)
    found = {number: (buyers, spent) for number, buyers, spent in session.execute(query)}
    whole = sum(spent for _, spent in found.values())
    rows: list[Decile] = []
    running = 0
    for number in DECILES:
        buyers, spent = found.get(number, (0, 0))
        running += spent
        shares = (spent / whole, running / whole) if whole else (0.0, 0.0)
        at_least, _ = rfm.decile_range(number, deciles.bounds)
        rows.append(Decile(number, at_least, buyers, spent, *shares))
    return rows


def _decile(deciles: Deciles) -> ColumnElement[int]:
    steps = [(Facts.spend_yen >= bound, number) for number, bound in enumerate(deciles.bounds, start=1)]
    return case(*steps, else_=DECILES[-1])
