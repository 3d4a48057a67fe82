"""Makes everything derived of all friends anew: facts, cycles, rungs, points; batch by batch, to be taken up where it stopped.

On SQLite two more processes read the purchases of a big shop, half each; one of them learns, and drafts what is to
be written (rebuild_ahead). Of a batch whose friends may have changed meanwhile the draft is not used, and one whose
purchases changed is learned from anew, under the lock under which it is written. On PostgreSQL, where
many may write, two processes rebuild batches of their own side by side (working_beside).
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from segments import bulk_connection, bulk_indexes, rebuild_batch
from segments.db import Database
from segments.models import Cycle, Friend, Setting
from segments.rebuild_ahead import learning_ahead
from segments.rules import rules_of
from segments.working_ahead import IN_FLIGHT, version
from segments.working_beside import crew, parts

Progress = Callable[[int, int], None]
"""Hears how many friends are done and how many there are."""

PLACE = "facts_rebuild"
"""The setting that says up to which friend all is made anew, and whether there was nothing before; absent when none
is under way."""
AHEAD, ALONE = 4096, 2000
"""Friends a transaction takes: purchases wait for it on SQLite, half a second at most."""
WORTH_A_PROCESS = 20_000
"""Friends from whom on a second process and doing without indexes pay."""


def silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def is_waiting(session: Session) -> bool:
    """Tell whether a rebuild was begun and not ended."""
    return session.get(Setting, PLACE) is not None


def start_over(session: Session, now: datetime) -> None:
    """Note that all is to be made anew, also what a rebuild under way has done."""
    _save(session, {"after": 0, "blank": False}, now)


def rebuild_all(
    database: Database,
    now: datetime,
    progress: Progress = silent,
    *,
    worth_a_process: int = WORTH_A_PROCESS,
    batch: int | None = None,
) -> int:
    """Make everything derived of every friend anew; return how many there were.

    Goes on where an earlier call was cut off; purchases may come in meanwhile. Moves on the ladders are news only
    of friends whose review was due: for others a rebuild finds out what was known, or corrects it.
    """
    with bulk_connection.single(database) as single:
        with single.begin() as session:
            total = session.scalar(select(func.count()).select_from(Friend)) or 0
            if not is_waiting(session):
                blank = not session.scalar(select(exists(select(Cycle.friend_id))))
                _save(session, {"after": 0, "blank": blank}, now)
            place = session.get_one(Setting, PLACE).value
            done = session.scalar(select(func.count()).where(Friend.id <= place["after"])) or 0
        big = total >= worth_a_process
        with bulk_indexes.without(single, bulk_indexes.TABLES if big and place["blank"] else ()):
            if big:
                way = _ahead if single.is_sqlite else _beside
                done = way(single, now, progress, total, done, batch or AHEAD)
            return _alone(single, now, progress, total, done, batch or ALONE)


def _ahead(database: Database, now: datetime, progress: Progress, total: int, done: int, size: int) -> int:
    """Write what another process learns and drafts; return how many friends are done then."""
    with database.begin() as session:
        place = session.get_one(Setting, PLACE).value["after"]
        rules, began_at = rules_of(session), version(session)
    with learning_ahead(str(database.url.database), place, size, rules, now) as learning:
        for _ in range(IN_FLIGHT):
            learning.ask(began_at)
        while part := learning.told():
            learned, asked_at = part
            with database.begin() as session:
                if _place(session) != place:  # somebody else rebuilds too: leave what is left to both
                    break
                current = version(session)
                learning.ask(current)
                holds = current == began_at or learned.holds(session)
                done += rebuild_batch.write_ahead(
                    session, learned, now, holds=holds, stands=current == asked_at
                )
                place = int(learned.friend_ids[-1])
                _note(session, place, now)
            progress(min(done, total), total)
    return done


def _beside(database: Database, now: datetime, progress: Progress, total: int, done: int, size: int) -> int:
    """Have several processes do batches side by side; return how many friends are done then."""
    with database.reading() as session:
        after = session.get_one(Setting, PLACE).value["after"]
    with crew(database, partial(rebuild_batch.of_part, now=now)) as working:
        for part, count in working.done(parts(database, select(Friend.id), after, size)):
            with database.begin() as session:
                if _place(session) != part[0]:  # somebody else rebuilds too, or all is to be made anew
                    break
                _note(session, part[1], now)
            done += count
            progress(min(done, total), total)
    return done


def _alone(database: Database, now: datetime, progress: Progress, total: int, done: int, size: int) -> int:
    """Do the friends that are left; return how many are done then."""
    while True:
        with database.begin() as session:
            place = _place(session)
            ids = session.scalars(
                select(Friend.id).where(Friend.id > (place or 0)).order_by(Friend.id).limit(size)
            ).all()
            if place is None or not ids:
                session.execute(delete(Setting).where(Setting.name == PLACE))
                return done
            done += rebuild_batch.write(session, ids[0], ids[-1], None, now)
            _note(session, ids[-1], now)
        progress(min(done, total), total)


def _place(session: Session) -> int | None:
    place = session.get(Setting, PLACE, with_for_update=True)
    return None if place is None else place.value["after"]


def _note(session: Session, friend_id: int, now: datetime) -> None:
    _save(session, session.get_one(Setting, PLACE).value | {"after": friend_id}, now)


def _save(session: Session, place: dict[str, Any], now: datetime) -> None:
    session.merge(Setting(name=PLACE, value=place, updated_at=now))
    session.flush()
