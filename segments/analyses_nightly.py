"""What analyses prepare each night: deciles, the next-product table, cohorts, popular products and sales."""

from collections.abc import Callable
from datetime import datetime

from segments import (
    buying_months,
    cohorts,
    day_counts,
    deciles,
    next_products,
    popular,
    rfm,
    sales_figures,
    shop,
)
from segments.db import Database

Failed = Callable[[str, Exception], None]
"""Hears which part failed, and why."""


def prepare(database: Database, now: datetime, failed: Failed) -> list[str]:
    """Prepare everything anew and return the names of what was done; a part that fails leaves last night's.

    Each part reads in one transaction and writes in another, a short one: on SQLite nobody waits for the reading.
    """
    done: list[str] = []
    for name, part in PARTS.items():
        try:
            part(database, now)
        except Exception as error:  # noqa: BLE001 — whatever it was, the other parts are due as well
            failed(name, error)
        else:
            done.append(name)
    return done


def _deciles(database: Database, now: datetime) -> None:
    with database.reading() as session:
        measured = deciles.measure(session, now)
    with database.begin() as session:
        rfm.save_deciles(session, measured, now)


def _next_products(database: Database, now: datetime) -> None:
    del now
    with database.reading() as session:
        rows = next_products.measure(session, shop.load(session).zone)
    with database.begin() as session:
        next_products.write(session, rows)


def _cohorts(database: Database, now: datetime) -> None:
    with database.reading() as session:
        measured = cohorts.measure(session, now)
    with database.begin() as session:
        cohorts.keep(session, measured, now)


def _buying_months(database: Database, now: datetime) -> None:
    with database.reading() as session:
        measured = buying_months.measure(session, now)
    with database.begin() as session:
        buying_months.keep(session, measured, now)


def _popular(database: Database, now: datetime) -> None:
    with database.reading() as session:
        measured = popular.measure(session, now)
    with database.begin() as session:
        popular.keep(session, measured, now)


def _sales(database: Database, now: datetime) -> None:
    with database.reading() as session:
        today = shop.load(session).today(now)
        measured = [
            sales_figures.measure(session, sales_figures.usual(key, today), now)
            for key in sales_figures.USUAL
        ]
    with database.begin() as session:
        for figures in measured:
            sales_figures.keep(session, figures, now)


PARTS: dict[str, Callable[[Database, datetime], None]] = {
    "deciles": _deciles,
    "next_products": _next_products,
    "cohorts": _cohorts,
    "buying_months": _buying_months,
    "popular": _popular,
    "follows": day_counts.recount_follows,
    "sales": _sales,
}
