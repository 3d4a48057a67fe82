"""What friends do in a rehearsal: by default nothing; when asked, they buy on the day their next purchase is due.

A friend who buys repeats the last order: the same products, the same yen. The hour is drawn from the rehearsal's seed.
Who is overdue when the rehearsal begins, or bought but once so that nobody knows their rhythm, buys nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from heapq import heappop, heappush
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from segments.db import Database
from segments.local_times import start_of
from segments.models import Cycle, Product, Purchase, PurchaseItem
from segments.orders import NewItem, NewPurchase
from segments.purchase_history import EVERYTHING, counts
from segments.recording import record_many

OPENS, CLOSES = timedelta(hours=10), timedelta(hours=19)
SOURCE = "rehearsal"


@dataclass
class Customers:
    """Friends who buy when they are due; `day` is the last one whose buyers are drawn."""

    zone: ZoneInfo
    seed: int
    began: datetime
    bought: int = 0
    day: date | None = None
    _coming: list[tuple[datetime, int]] = field(default_factory=list[tuple[datetime, int]])

    def look_ahead(self, database: Database, now: datetime) -> None:
        """Draw who buys today and when, once a day."""
        today = now.astimezone(self.zone).date()
        if today == self.day:
            return
        self.day = today
        with database.reading() as session:
            for friend_id in self._due(session, today):
                at = start_of(today, self.zone) + self._hour(friend_id, today)
                if at > now:
                    heappush(self._coming, (at, friend_id))

    def next_at(self) -> datetime | None:
        """Return when the next of today's customers comes."""
        return self._coming[0][0] if self._coming else None

    def buy(self, database: Database, now: datetime) -> int:
        """Record the purchases of all who have come by `now`; return how many."""
        here: list[int] = []
        while self._coming and self._coming[0][0] <= now:
            here.append(heappop(self._coming)[1])
        if not here:
            return 0
        with database.begin() as session:
            orders = [self._order(friend_id, last, now) for friend_id, last in _last_orders(session, here)]
            record_many(session, orders, now, SOURCE, announce_since=self.began)
        self.bought += len(orders)
        return len(orders)

    def _due(self, session: Session, today: date) -> Sequence[int]:
        first = max(start_of(today, self.zone), self.began)
        last = start_of(today + timedelta(days=1), self.zone)
        due = select(Cycle.friend_id).where(
            Cycle.category == EVERYTHING, Cycle.due_at >= first, Cycle.due_at < last, Cycle.n > 0
        )
        return session.scalars(due.order_by(Cycle.friend_id)).all()

    def _hour(self, friend_id: int, today: date) -> timedelta:
        drawn = Random(f"{self.seed}:{friend_id}:{today}").random()  # noqa: S311 — a made-up customer's hour
        return OPENS + (CLOSES - OPENS) * drawn

    def _order(self, friend_id: int, last: "_Last", now: datetime) -> NewPurchase:
        order_id = f"rehearsal-{friend_id}-{now:%Y%m%d}"
        return NewPurchase(order_id, now, last.amount_yen, last.items, friend_id=friend_id)


@dataclass(frozen=True)
class _Last:
    """What a friend bought last."""

    amount_yen: int
    items: tuple[NewItem, ...]


def _last_orders(session: Session, friend_ids: Sequence[int]) -> list[tuple[int, _Last]]:
    place = func.row_number().over(
        partition_by=Purchase.friend_id, order_by=(Purchase.bought_at.desc(), Purchase.id.desc())
    )
    ranked = select(Purchase.id, place.label("place")).where(Purchase.friend_id.in_(friend_ids), counts())
    newest = ranked.subquery()
    orders = session.execute(
        select(Purchase.id, Purchase.friend_id, Purchase.amount_yen)
        .join(newest, newest.c.id == Purchase.id)
        .where(newest.c.place == 1)
    ).all()
    items = session.execute(
        select(PurchaseItem.purchase_id, Product.code, PurchaseItem.quantity, PurchaseItem.amount_yen)
        .join(Product, Product.id == PurchaseItem.product_id)
        .where(PurchaseItem.purchase_id.in_([order.id for order in orders]))
        .order_by(PurchaseItem.purchase_id, PurchaseItem.line)
    )
    listed: dict[int, list[NewItem]] = {}
    for purchase_id, code, quantity, yen in items:
        listed.setdefault(purchase_id, []).append(NewItem(code, quantity, yen))
    return [
        (friend_id, _Last(yen, tuple(listed.get(id_, ())))) for id_, friend_id, yen in orders if friend_id
    ]
