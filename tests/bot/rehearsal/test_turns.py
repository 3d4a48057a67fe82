"""Who of the tick gets a turn in a rehearsal: nobody is left out who would have found something."""

import shutil
from collections import Counter
from collections.abc import Generator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from bot.rehearsal import due
from bot.rehearsal.queue import MemoryQueue
from bot.rehearsal.turns import Turns
from scheduler import chunks, quota
from scheduler.dispatcher import Dispatcher
from scheduler.gateway import Quota
from scheduler.pacing import Unpaced
from scheduler.tick import Wanted, tick
from segments import saved, watching
from segments.conditions import parse
from segments.db import Database
from segments.models import PointEntry, Question
from tests.bot.rehearsal.shops import a_broadcast, a_tea_shop, everything
from tests.builders import a_friend, a_scenario, days_ago
from tests.databases import sqlite_copy
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway
from tests.scheduler.conftest import jobs_of

EVERY = timedelta(hours=3)
DAYS = 12
"""Into December, when there is room again for what waited for money."""


def a_busy_shop(session: Session) -> None:
    """Open a shop where each part of the tick finds something on one of the days."""
    people = a_tea_shop(session)
    quota.choose_plan(session, "communication", A_SATURDAY)
    quota.note_use(session, Quota(200, 197), A_SATURDAY)
    a_scenario(session, {}, {"delay": timedelta(days=3)}, trigger={"date": "birthday"}, active=True)
    a_friend(session, birthday=date(1990, 11, 23))
    a_broadcast(session, in_days=1.3, text="{{ name_sama }}、新茶です")
    given = PointEntry(friend_id=people[0].id, points=100, cause="test:1", at=A_SATURDAY, by="test")
    given.expires_at = A_SATURDAY + timedelta(days=2)
    session.add(given)
    session.add(Question(friend_id=people[1].id, asked_at=days_ago(0.5)))
    recent = saved.create(
        session, "新しい", parse({"is": "followed", "within_days": 302}), "test", A_SATURDAY
    )
    watching.watch(session, recent.id, A_SATURDAY)
    lost = chunks.add_chunk(session, now=A_SATURDAY)
    lost.job_id, lost.next_attempt_at = "lost", A_SATURDAY


class Shop:
    """One of two shops that are alike."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = FakeClock()
        self.queue = MemoryQueue(self.clock)
        self.dispatcher = Dispatcher(
            database,
            self.queue,
            FakeGateway(),
            Unpaced(),
            self.clock,
            ZoneInfo("Asia/Tokyo"),
            look_again=timedelta(),
        )

    def look(self, moment: datetime, *wanted: Wanted) -> dict[str, int]:
        """Tick at a moment, run the jobs that follow, and return what the parts in question did."""
        self.clock.set(moment)
        done = tick(self.dispatcher, *wanted)
        self.queue.run_due(jobs_of(self.dispatcher))
        return {part: done[part] for part in due.PARTS}


@pytest.fixture
def shops(sqlite: Database, tmp_path: Path) -> Generator[tuple[Shop, Shop]]:
    """Return a busy shop and its twin."""
    with sqlite.begin() as session:
        a_busy_shop(session)
    sqlite.dispose()
    (tmp_path / "twin").mkdir()
    template = Path(shutil.copy(tmp_path / "kokyaku.sqlite", tmp_path / "busy.sqlite"))
    with sqlite_copy(template, tmp_path / "twin") as twin:
        yield Shop(sqlite), Shop(twin)


def test_each_part_does_what_it_would_do_with_a_turn_at_every_tick(shops: tuple[Shop, Shop]) -> None:
    shop, twin = shops
    busy: Counter[str] = Counter()
    for number in range(DAYS * 24 // 3):
        moment = A_SATURDAY + number * EVERY
        done = shop.look(moment)
        assert twin.look(moment, Turns(twin.database, moment)) == done, moment
        busy.update(done)

    assert {part for part in due.PARTS if not busy[part]} == set(), busy
    assert everything(twin.database)["deliveries"] == everything(shop.database)["deliveries"]


def test_where_nothing_is_due_nobody_gets_a_turn(database: Database) -> None:
    turns = Turns(database, A_SATURDAY)

    assert [part for part in due.PARTS if turns(part)] == []
    assert not turns("replanned")


def test_after_a_turn_all_are_asked_about_again(sqlite: Database) -> None:
    turns = Turns(sqlite, A_SATURDAY)
    with sqlite.begin() as session:
        question = Question(friend_id=a_friend(session).id, asked_at=days_ago(3))
        session.add(question)

    assert not turns("swept")
    assert turns("questions_overdue")
    with sqlite.begin() as session:
        session.get_one(Question, question.id).answered_at = A_SATURDAY
        chunks.add_chunk(session, now=A_SATURDAY).next_attempt_at = A_SATURDAY
    assert not turns("questions_overdue")
    assert turns("swept")
