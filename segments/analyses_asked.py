"""Analyses made anew because somebody asked: what is under way, how far it is, and the work itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from segments import analyses_nightly, sales_figures, shop
from segments.clock import Clock
from segments.db import Database
from segments.models import Setting

SETTING = "analyses_asked"
EVERYTHING = ""
"""Asks for all that is made each night; anything else is the key of a period."""
GIVEN_UP_AFTER = timedelta(hours=1)
"""A piece of work that old was lost: it may be asked for again."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The last thing that was asked for."""

    attempt: int
    key: str
    asked_at: datetime
    done: int
    total: int
    failed: bool

    def is_live(self, now: datetime) -> bool:
        """Tell whether it is still under way."""
        return self.done < self.total and not self.failed and now - self.asked_at < GIVEN_UP_AFTER


def last(session: Session) -> Asked | None:
    """Return what was asked for last."""
    kept = session.get(Setting, SETTING, populate_existing=True)
    if kept is None:
        return None
    value = kept.value
    return Asked(
        value["attempt"], value["key"], kept.updated_at, value["done"], value["total"], value["failed"]
    )


def ask(session: Session, key: str, now: datetime) -> Asked | None:
    """Note that an analysis is wanted and return it, for the caller to enqueue; None while another is under way."""
    known = last(session)
    if known is not None and known.is_live(now):
        return None
    sales_key = key if key == EVERYTHING else sales_figures.of_key(key, shop.load(session).today(now)).key
    asked = Asked(
        (known.attempt if known else 0) + 1, sales_key, now, 0, len(_parts(sales_key)), failed=False
    )
    _write(session, asked)
    return asked


def work(database: Database, clock: Clock, attempt: int) -> None:
    """Do what was asked for, part by part; what was overtaken by a later question is left."""
    with database.reading() as session:
        asked = last(session)
    if asked is None or asked.attempt != attempt:
        return
    for number, part in enumerate(_parts(asked.key)):
        try:
            _do(database, part, clock.now())
        except Exception:
            with database.begin() as session:
                _write(session, _moved(asked, number, failed=True))
            raise
        with database.begin() as session:
            _write(session, _moved(asked, number + 1))


def _parts(key: str) -> list[str]:
    return [*analyses_nightly.PARTS] if key == EVERYTHING else [key]


def _do(database: Database, part: str, now: datetime) -> None:
    if part in analyses_nightly.PARTS:
        analyses_nightly.PARTS[part](database, now)
        return
    with database.reading() as session:
        period = sales_figures.of_key(part, shop.load(session).today(now))
        figures = sales_figures.measure(session, period, now)
    with database.begin() as session:
        sales_figures.keep(session, figures, now)


def _moved(asked: Asked, done: int, *, failed: bool = False) -> Asked:
    return Asked(asked.attempt, asked.key, asked.asked_at, done, asked.total, failed)


def _write(session: Session, asked: Asked) -> None:
    value: dict[str, Any] = {
        "attempt": asked.attempt,
        "key": asked.key,
        "done": asked.done,
        "total": asked.total,
        "failed": asked.failed,
    }
    session.merge(Setting(name=SETTING, value=value, updated_at=asked.asked_at))
    session.flush()
