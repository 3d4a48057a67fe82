"""Friends by the thousand, broadcasts to all of them, and what is seen of the workers that send them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time

from sqlalchemy import insert, select, update

from scheduler import broadcast_progress, broadcasts, drafts
from scheduler.drafts import Draft
from scheduler.engine import DbosQueue
from scheduler.models import BroadcastState, Heartbeat, Purpose
from segments import shop
from segments.db import Database
from segments.models import Facts, Friend

PERSONAL = {"ja": [{"type": "text", "text": "{{ name }}様、秋の新茶が入りました。"}]}


def add_friends(database: Database, line_user_ids: Sequence[str], now: datetime) -> None:
    """Add friends who follow, with their facts, to a shop without quiet hours."""
    with database.begin() as session:
        shop.save(session, replace(shop.load(session), quiet_from=time(0), quiet_until=time(0)), now)
        session.execute(
            insert(Friend),
            [
                {
                    "line_user_id": id_,
                    "display_name": f"友だち{number}",
                    "language": "ja",
                    "kana": "",
                    "fields": {},
                    "created_at": now,
                    "followed_at": now,
                    "follow_state_at": now,
                }
                for number, id_ in enumerate(line_user_ids)
            ],
        )
        ids = session.scalars(select(Friend.id)).all()
        session.execute(insert(Facts), [{"friend_id": id_, "stage_since": now} for id_ in ids])


def begin(database: Database, now: datetime) -> int:
    """Send a personal message to everybody, nothing else being sent; return the broadcast's id."""
    queue = DbosQueue(database)
    with database.begin() as session:
        # A long run sends more in an hour than the contact plan has room for in a month.
        session.execute(update(Facts).values(recent_contacts=""))
        everyone = {"is": "everyone"}
        draft = Draft(name="crash", content=PERSONAL, condition=everyone, purpose=Purpose.CARE)
        broadcast = drafts.create(session, draft, now=now, by="test")
        broadcasts.schedule(session, queue, broadcast.id, None, now)
        made = broadcast.id
    queue.close()
    return made


def is_over(database: Database, broadcast_id: int) -> bool:
    """Tell whether a broadcast is done."""
    with database.begin() as session:
        return broadcast_progress.progress(session, broadcast_id).state is BroadcastState.DONE


def workers_heard(database: Database, since: datetime) -> list[str]:
    """Return the names of the workers that were heard of after `since`."""
    heard = select(Heartbeat.name).where(Heartbeat.kind == "worker", Heartbeat.at > since)
    with database.reading() as session:
        return list(session.scalars(heard))
