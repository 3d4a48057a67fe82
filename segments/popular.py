"""The products most friends bought lately, kept each night: what is suggested to whom nothing closer fits."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from segments.best_sellers import Measure, best_sellers
from segments.models import Setting

SETTING = "popular"
PERIOD = timedelta(days=90)
KEPT = 100


class Popular(NamedTuple):
    """One product and how many friends bought it within PERIOD."""

    product_id: int
    buyers: int


def measure(session: Session, now: datetime) -> list[Popular]:
    """Return the products that most friends bought within the last 90 days, the most popular first."""
    sold = best_sellers(session, now - PERIOD, None, Measure.BUYERS, KEPT)
    return [Popular(each.product_id, each.buyers) for each in sold if each.buyers]


def keep(session: Session, popular: list[Popular], now: datetime) -> None:
    """Keep what was measured until the next night."""
    session.merge(Setting(name=SETTING, value={"products": [list(each) for each in popular]}, updated_at=now))
    session.flush()


def load(session: Session, now: datetime) -> list[Popular]:
    """Return what was kept last night; where nothing was kept yet, what is popular at this moment."""
    kept = session.get(Setting, SETTING)
    found = [Popular(*each) for each in kept.value["products"]] if kept else []
    return found or measure(session, now)
