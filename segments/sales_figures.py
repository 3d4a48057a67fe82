"""What sold in a period, as one piece: measured each night for the usual periods, or when asked for, and kept.

A big shop's purchases take seconds to add up: pages show what was kept, with its moment. A small shop's are added up
whenever somebody looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from segments import best_sellers, buying_times, repeats, shop
from segments.best_sellers import Measure, SoldCategory, SoldProduct
from segments.buying_times import MonthSold, Times
from segments.errors import Invalid
from segments.local_times import start_of
from segments.models import Purchase, Setting
from segments.repeats import F2, Repeats

PREFIX = "sales:"
USUAL = {"30": 30, "90": 90, "365": 365, "all": None}
"""Periods that are measured each night, by their key: so many days up to today."""
F2_DAYS = 90
SMALL = 5000
"""Orders up to which a shop's figures are added up at once."""
SHOWN = 100
"""Products kept of each period, by each measure."""
PERIODS_KEPT = 20
EARLIEST, LATEST = date(1970, 1, 2), date(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included; None is open."""

    key: str
    since: date | None
    until: date


@dataclass(frozen=True, slots=True)
class Figures:
    """What sold in one period."""

    period: Period
    products: Sequence[SoldProduct]
    categories: Sequence[SoldCategory]
    times: Times
    f2: Sequence[F2]
    repeats: Repeats

    @property
    def yen(self) -> int:
        """Yen kept, over all months."""
        return sum(month.yen for month in self.times.months)

    def best(self, by: Measure, limit: int = SHOWN) -> list[SoldProduct]:
        """Return what sold best by one measure."""
        ranked = sorted(self.products, key=lambda each: (-getattr(each, by.value), -each.yen, each.code))
        return ranked[:limit]


def usual(key: str, today: date) -> Period:
    """Return one of the usual periods, ending today."""
    days = USUAL[key]
    return Period(key, None if days is None else today - timedelta(days=days - 1), today)


def between(since: date, until: date) -> Period:
    """Return a period of somebody's own; raise Invalid (period_backwards, period_outside)."""
    if since > until:
        raise Invalid("period_backwards")
    if since < EARLIEST or until > LATEST:
        raise Invalid("period_outside")
    return Period(f"{since.isoformat()}..{until.isoformat()}", since, until)


def of_key(key: str, today: date) -> Period:
    """Return the period of a key; raise Invalid (period_unknown)."""
    if key in USUAL:
        return usual(key, today)
    first, _, last = key.partition("..")
    try:
        return between(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError as error:
        raise Invalid("period_unknown") from error


def is_small(session: Session) -> bool:
    """Tell whether the shop's purchases are few enough to be added up while somebody waits."""
    return (session.scalar(select(func.max(Purchase.id))) or 0) <= SMALL


def measure(session: Session, period: Period, now: datetime) -> Figures:
    """Add up what sold."""
    own = shop.load(session)
    zone = own.zone
    since = None if period.since is None else start_of(period.since, zone)
    until = start_of(period.until + timedelta(days=1), zone)
    return Figures(
        period,
        best_sellers.best_sellers(session, since, until, Measure.YEN, limit=1_000_000),
        best_sellers.best_categories(session, since, until, Measure.YEN, limit=1000),
        buying_times.buying_times(session, since, until, zone),
        repeats.f2(session, since, until, F2_DAYS, own.today(now), zone),
        repeats.repeats(session, since, until, zone),
    )


def keep(session: Session, figures: Figures, now: datetime) -> None:
    """Keep figures until they are measured again; of periods of somebody's own, the latest twenty."""
    session.merge(Setting(name=PREFIX + figures.period.key, value=_plain(figures), updated_at=now))
    if figures.period.key == "all":
        sold = {str(each.product_id): [each.quantity, each.yen, each.buyers] for each in figures.products}
        session.merge(Setting(name="product_sales", value={"sold": sold}, updated_at=now))
    session.flush()
    own = [PREFIX + key for key in USUAL]
    others = (
        select(Setting.name)
        .where(Setting.name.startswith(PREFIX), Setting.name.not_in(own))
        .order_by(Setting.updated_at.desc(), Setting.name)
        .offset(PERIODS_KEPT)
    )
    old = session.scalars(others).all()
    session.execute(delete(Setting).where(Setting.name.in_(old)))


def load(session: Session, period: Period, now: datetime) -> tuple[Figures, datetime] | None:
    """Return figures and as of when: of a small shop as they are now, else as they were kept; None before that."""
    if is_small(session):
        return measure(session, period, now), now
    kept = session.get(Setting, PREFIX + period.key)
    return (_figures(period.key, kept.value), kept.updated_at) if kept else None


def sold_of(session: Session, product_ids: Sequence[int]) -> tuple[dict[int, int], datetime | None]:
    """Return how many pieces of each product were ever sold, and as of when; None as of now."""
    if is_small(session):
        sold = best_sellers.best_sellers(session, None, None, limit=1_000_000)
        return {each.product_id: each.quantity for each in sold}, None
    kept = session.get(Setting, "product_sales")
    if kept is None:
        return {}, None
    found: dict[str, list[int]] = kept.value["sold"]
    return {key: found.get(str(key), [0])[0] for key in product_ids}, kept.updated_at


def _plain(figures: Figures) -> dict[str, Any]:
    period, kept = figures.period, _worth_keeping(figures)
    return {
        "since": period.since and period.since.isoformat(),
        "until": period.until.isoformat(),
        "products": [
            [
                *(each.product_id, each.code, each.name, each.name_en, each.category),
                *(each.quantity, each.yen, each.buyers),
            ]
            for each in kept
        ],
        "categories": [[each.category, each.quantity, each.yen, each.buyers] for each in figures.categories],
        "hours": [list(day) for day in figures.times.orders],
        "months": [[each.month.isoformat(), each.orders, each.yen] for each in figures.times.months],
        "f2": [
            [each.month and each.month.isoformat(), each.newcomers, each.judged, each.converted]
            for each in figures.f2
        ],
        "repeats": [
            figures.repeats.buyers,
            figures.repeats.newcomers,
            figures.repeats.repeaters,
            figures.repeats.ever_buyers,
            figures.repeats.ever_repeaters,
        ],
    }


def _worth_keeping(figures: Figures) -> list[SoldProduct]:
    kept = {each.product_id: each for by in Measure for each in figures.best(by)}
    return list(kept.values())


def _figures(key: str, value: dict[str, Any]) -> Figures:
    since = value["since"] and date.fromisoformat(value["since"])
    return Figures(
        Period(key, since, date.fromisoformat(value["until"])),
        [_product(*row) for row in value["products"]],
        [SoldCategory(quantity, yen, buyers, name) for name, quantity, yen, buyers in value["categories"]],
        Times(
            tuple(tuple(day) for day in value["hours"]),
            tuple(
                MonthSold(date.fromisoformat(month), orders, yen) for month, orders, yen in value["months"]
            ),
        ),
        [F2(month and date.fromisoformat(month), *numbers) for month, *numbers in value["f2"]],
        Repeats(*value["repeats"]),
    )


def _product(key: int, code: str, name: str, name_en: str, category: str, *sold: int) -> SoldProduct:
    quantity, yen, buyers = sold
    return SoldProduct(quantity, yen, buyers, key, code, name, name_en, category)
