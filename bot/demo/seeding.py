"""Fills an empty shop on the simulator with sample data, through the doors that real data takes.

Friends follow by real webhooks, purchases are recorded one by one: nothing is put into a table by hand.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy import func, select

from bot.demo import sample
from bot.demo.phones import Phones
from bot.services import Services
from scheduler import quota
from segments import purchases, shop, tags
from segments.models import Friend, Product

Say = Callable[[str], None]
ARRIVAL_SECONDS = 30
TAG = "サンプル"


def seed(services: Services, simulator_url: str, say: Say) -> None:
    """Fill the shop, unless it has friends already. Takes a few seconds."""
    if _has_friends(services):
        return
    say("サンプルデータを用意しています… / Preparing sample data …")
    phones = Phones(simulator_url)
    now = services.clock.now()
    with services.database.begin() as session:
        shop.save(session, sample.SHOP, now)
        quota.choose_plan(session, "standard", now)
        # An earlier try may have come this far and not found the simulator.
        known = set(session.scalars(select(Product.code)))
        session.add_all(Product(created_at=now, **row) for row in sample.PRODUCTS if row["code"] not in known)
    ids = phones.add_friends(sample.NAMES)
    if not _wait_for_friends(services, len(ids)):
        say(
            "友だちの追加を待ちきれませんでした。サンプルの購入は登録しません。/ The sample friends did not arrive in time."
        )
        return
    _record_purchases(services, ids, now)


def _has_friends(services: Services) -> bool:
    return _count_friends(services) > 0


def _count_friends(services: Services) -> int:
    with services.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Friend)) or 0


def _wait_for_friends(services: Services, expected: int) -> bool:
    waiting = Event()
    for _ in range(ARRIVAL_SECONDS * 10):
        if _count_friends(services) >= expected:
            return True
        waiting.wait(0.1)
    return False


def _record_purchases(services: Services, line_user_ids: list[str], now: datetime) -> None:
    for number, line_user_id in enumerate(line_user_ids):
        with services.database.begin() as session:
            friend_id = session.scalars(select(Friend.id).where(Friend.line_user_id == line_user_id)).one()
            tags.tag(session, friend_id, TAG, now, "demo")
            for order in sample.history(number, friend_id, now):
                # Old news thanks nobody: only what was bought since yesterday is announced.
                announce = now - order.bought_at < timedelta(days=1)
                purchases.record(session, order, now, "demo", announce=announce)
