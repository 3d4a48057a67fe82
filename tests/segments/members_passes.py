"""The passes that keep members of watched segments, run to their end, and what they found and told."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import members_filling, members_looking, members_time, tags, watching
from segments.db import Database
from segments.models import CustomerEvent, EventKind, SegmentMember, Touched
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.watched_world import add_segment

VIP = {"is": "tag", "names": ["vip"]}
EVERYONE = {"is": "everyone"}
LATELY = {"is": "last_purchase", "within_days": 10}
Part = Callable[[Session, datetime, int], int]


def run(database: Database, part: Part, now: datetime = NOW, limit: int = 500) -> list[int]:
    """Call a pass until it is done; return what it handled each time."""
    handled: list[int] = []
    while not handled or handled[-1]:
        with database.begin() as session:
            handled.append(part(session, now, limit))
    return handled


def settled(database: Database, now: datetime = NOW) -> None:
    for part in (members_filling.fill, members_looking.look_again, members_time.pass_time):
        run(database, part, now)


def members(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(select(SegmentMember.friend_id).order_by(SegmentMember.friend_id)))


def touched(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(select(Touched.friend_id)))


def news(database: Database) -> list[tuple[EventKind, int]]:
    told = (EventKind.SEGMENT_ENTERED, EventKind.SEGMENT_LEFT)
    with database.reading() as session:
        rows = session.execute(
            select(CustomerEvent.kind, CustomerEvent.friend_id)
            .where(CustomerEvent.kind.in_(told))
            .order_by(CustomerEvent.id)
        )
        return [(kind, friend_id) for kind, friend_id in rows]


def watched(session: Session, condition: dict[str, Any], name: str = "S") -> int:
    segment_id = add_segment(session, name, condition)
    watching.watch(session, segment_id, NOW)
    return segment_id


def tagged(session: Session, number: int, name: str = "vip") -> list[int]:
    ids = [a_friend(session).id for _ in range(number)]
    tags.tag_many(session, ids, name, NOW, "operator:1")
    return ids


def buyers(session: Session, number: int, last: datetime) -> list[int]:
    return [
        a_friend(session, facts={"purchase_count": 1, "last_purchase_at": last}).id for _ in range(number)
    ]
