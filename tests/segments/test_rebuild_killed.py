"""kill -9 of a rebuild, again and again, in the middle: what comes out is what one that nobody disturbed makes."""

import random
import subprocess
import sys
from multiprocessing import active_children
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import delete, select
from structlog.testing import capture_logs

from segments import bulk_indexes, bulk_rebuild
from segments.db import Database
from segments.models import Cycle, Facts, Setting, StageChange
from tests.databases import PostgresServer
from tests.fakes.clock import A_SATURDAY as NOW
from tests.processes import ROOT, kill
from tests.segments.test_bulk_rebuild import a_shop, everything, index_names

FRIENDS, KILLS = 120, 2
PATIENCE = 20_000
"""Hundredths of a second: on a busy machine processes take long to begin."""


def start(database: Database) -> "subprocess.Popen[bytes]":
    """Start a rebuild in a process of its own."""
    url = database.url.render_as_string(hide_password=False)
    return subprocess.Popen(  # noqa: S603 — our own program
        [sys.executable, "-m", "tests.segments.rebuild_process", url], cwd=ROOT
    )


def place(database: Database) -> int:
    """Return up to which friend a rebuild has come, 0 before it began and after it ended."""
    with database.reading() as session:
        kept = session.get(Setting, bulk_rebuild.PLACE)
        return kept.value["after"] if kept else 0


def wait_until_it_moves(database: Database, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a rebuild has written something more, or has ended."""
    before, pause = place(database), Event()
    for _ in range(PATIENCE):
        if place(database) != before or process.poll() is not None:
            return
        pause.wait(0.01)
    pytest.fail("the rebuild does not get on")


def mended(database: Database) -> list[str]:
    """Return the indexes that are made again; PostgreSQL takes a moment to notice that who was killed is gone."""
    pause = Event()
    for _ in range(1000):
        if names := bulk_indexes.mend(database):
            return names
        pause.wait(0.01)
    return []


def moves(database: Database) -> list[tuple[Any, ...]]:
    """Return the moves on all ladders, of everybody."""
    columns = (StageChange.friend_id, StageChange.ladder, StageChange.from_stage, StageChange.to_stage)
    with database.reading() as session:
        return sorted(tuple(map(str, row)) for row in session.execute(select(*columns)))


def forget(database: Database) -> None:
    """Delete all that a rebuild derives."""
    with database.begin() as session:
        for table in (Cycle, StageChange, Facts):
            session.execute(delete(table))


def test_a_rebuild_that_is_killed_again_and_again_ends_as_one_that_nobody_disturbed(
    database: Database,
) -> None:
    a_shop(database, FRIENDS)
    forget(database)
    indexes = index_names(database)
    bulk_rebuild.rebuild_all(database, NOW)
    expected = everything(database), moves(database)
    forget(database)
    chance, reached = random.Random(9), list[int]()
    for _ in range(KILLS):
        process = start(database)
        wait_until_it_moves(database, process)
        Event().wait(chance.uniform(0, 0.1))
        kill(process)
        reached.append(place(database))
    assert 0 < reached[0] <= reached[1]
    assert len(indexes - index_names(database)) > 10  # what was killed cannot bring them back
    assert len(mended(database)) > 10
    assert index_names(database) == indexes
    assert bulk_indexes.mend(database) == []
    assert start(database).wait(PATIENCE / 100) == 0
    assert place(database) == 0
    assert (everything(database), moves(database)) == expected
    assert index_names(database) == indexes


def kill_when_it_runs(function: str) -> Thread:
    """Kill the helping process that runs this function as soon as it is there; the thread ends then."""

    def watch() -> None:
        pause = Event()
        for _ in range(PATIENCE):
            for child in active_children():
                if function in child.name:
                    child.kill()
                    return
            pause.wait(0.01)

    thread = Thread(target=watch)
    thread.start()
    return thread


def test_a_rebuild_one_of_whose_processes_is_killed_says_so_in_one_line_and_goes_on_alone(
    postgres: PostgresServer, capfd: pytest.CaptureFixture[str]
) -> None:
    with postgres.copy() as database:
        a_shop(database, FRIENDS)
        forget(database)
        bulk_rebuild.rebuild_all(database, NOW)
        expected = everything(database), moves(database)
        forget(database)
        killer: list[Thread] = []

        def hear(_done: int, _total: int) -> None:
            if not killer:
                killer.append(kill_when_it_runs("_serve"))
                killer[0].join()

        with capture_logs() as logs:
            bulk_rebuild.rebuild_all(database, NOW, hear, worth_a_process=0, batch=10)
        assert (everything(database), moves(database)) == expected
    assert [each["event"] for each in logs] == ["helping_process_died"]
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(("reader", "at_once"), [("_learn", True), ("_learn", False), ("_help", True)])
def test_a_rebuild_whose_reader_is_killed_says_so_in_one_line_and_goes_on_alone(
    sqlite: Database, capfd: pytest.CaptureFixture[str], reader: str, at_once: bool
) -> None:
    a_shop(sqlite, FRIENDS)
    forget(sqlite)
    bulk_rebuild.rebuild_all(sqlite, NOW)
    expected = everything(sqlite), moves(sqlite)
    forget(sqlite)
    killer = [kill_when_it_runs(reader)] if at_once else []

    def hear(_done: int, _total: int) -> None:
        if not at_once and not killer:
            killer.append(kill_when_it_runs(reader))
            killer[0].join()

    with capture_logs() as logs:
        bulk_rebuild.rebuild_all(sqlite, NOW, hear, worth_a_process=0, batch=20)
    killer[0].join()
    assert (everything(sqlite), moves(sqlite)) == expected
    assert [each["event"] for each in logs] == ["helping_process_died"]
    assert "Traceback" not in capfd.readouterr().err
