"""Small shops to rehearse."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot import ready_made
from bot.demo import sample
from bot.settings import Settings
from scheduler import quota
from scheduler.models import Broadcast, BroadcastState, MessageVersion
from segments import shop
from segments.db import Base, Database
from segments.models import Friend, Product
from segments.recording import record_many
from tests.builders import a_friend, a_message, days_ago
from tests.fakes.clock import A_SATURDAY


def a_shop(session: Session, friends: int = 12) -> list[Friend]:
    """Open a shop on the standard plan that has friends and nothing else."""
    quota.choose_plan(session, "standard", A_SATURDAY)
    return [a_friend(session) for _ in range(friends)]


def a_tea_shop(session: Session, friends: int = 8, now: datetime = A_SATURDAY) -> list[Friend]:
    """Open the sample shop with all that is ready-made: friends who follow, and what they bought within a year."""
    ready_made.install(session, now)
    shop.save(session, sample.SHOP, now)
    quota.choose_plan(session, "standard", now)
    session.add_all(Product(created_at=now, **row) for row in sample.PRODUCTS)
    people = [a_friend(session, followed_at=days_ago(300 + number)) for number in range(friends)]
    orders = [
        order
        for number, friend in enumerate(people, start=1)
        for order in sample.history(number, friend.id, now)
    ]
    record_many(session, orders, now, "test", announce_since=None)
    return people


def a_broadcast(session: Session, in_days: float, text: str = "新茶が入りました", **values: Any) -> Broadcast:
    """Schedule a broadcast to everybody."""
    message = a_message(session, text)
    version = session.query(MessageVersion).filter_by(message_id=message.id).one()
    given = {
        "name": "新茶のご案内",
        "condition": {"is": "everyone"},
        "state": BroadcastState.SCHEDULED,
    } | values
    made = Broadcast(
        message_version_id=version.id,
        scheduled_at=A_SATURDAY + timedelta(days=in_days),
        created_at=A_SATURDAY,
        **given,
    )
    session.add(made)
    session.flush()
    return made


def settings_in(folder: Any) -> Settings:
    """Return the settings of a shop whose data lie in `folder`."""
    return Settings.model_construct(data=folder)


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables."""
    with database.reading() as session:
        return {
            name: sorted((tuple(row) for row in session.execute(table.select())), key=repr)
            for name, table in Base.metadata.tables.items()
        }
