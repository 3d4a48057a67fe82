"""kill -9 of a rebuild, again and again, in the middle: what comes out is what one that nobody disturbed makes."""

import random
import subprocess
import sys
from threading import Event
from typing import Any

import pytest
from sqlalchemy import delete, select

from segments import bulk_rebuild
from segments.db import Database
from segments.models import Cycle, Facts, Setting, StageChange
from tests.fakes.clock import A_SATURDAY as NOW
from tests.processes import ROOT, kill
from tests.segments.test_bulk_rebuild import a_shop, everything, index_names

FRIENDS, KILLS = 120, 2


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
    for _ in range(3000):
        if place(database) != before or process.poll() is not None:
            return
        pause.wait(0.01)
    pytest.fail("the rebuild does not get on")


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
    assert start(database).wait(60) == 0
    assert place(database) == 0
    assert (everything(database), moves(database)) == expected
    assert index_names(database) == indexes
