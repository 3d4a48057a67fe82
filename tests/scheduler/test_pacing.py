"""LINE's rates: several senders draw from one line of slots."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from time import monotonic

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from scheduler.models import RateBucket
from scheduler.pacing import LATE, SharedPacer
from segments.clock import SystemClock
from segments.db import Database
from tests.fakes.clock import FakeClock
from tests.processes import ROOT


def test_two_senders_together_keep_the_rate(database: Database) -> None:
    senders = [SharedPacer(database, SystemClock(), {"push": 1000.0}) for _ in range(2)]
    began = monotonic()
    with ThreadPoolExecutor(4) as pool:
        turns = [pool.submit(sender.take, "push", 50) for _ in range(5) for sender in senders]
        for turn in turns:
            turn.result()
    # Ten leases of 50 at 1,000 a second: the last of them starts after 450 ms.
    assert monotonic() - began >= 0.44


def test_slots_that_nobody_used_are_not_saved_up(database: Database) -> None:
    clock, waits = FakeClock(), list[float]()
    pacer = SharedPacer(database, clock, {"push": 1000.0}, wait=waits.append)
    pacer.take("push", 50)
    clock.advance(timedelta(seconds=10))
    for _ in range(3):
        pacer.take("push", 50)
    assert waits == pytest.approx([0.0, 0.0, 0.05, 0.1], abs=0.001)


def test_turns_of_any_size_leave_no_slot_of_a_lease_unused(database: Database) -> None:
    waits = list[float]()
    pacer = SharedPacer(database, FakeClock(), {"push": 1000.0}, wait=waits.append)
    sizes = [70, 70, 30, 90, 1, 70, 70, 100, 5, 70]
    for size in sizes:
        pacer.take("push", size)
    # A clock that stands still: each waits for as many slots as have been given out before it.
    assert waits == pytest.approx([sum(sizes[:place]) / 1000 for place in range(len(sizes))], abs=0.001)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    takes=st.lists(
        st.tuples(st.integers(0, 1), st.integers(1, 130), st.sampled_from([0.0, 0.0, 0.01, 0.05, 0.3, 5.0])),
        min_size=1,
        max_size=25,
    )
)
def test_no_slot_is_ever_given_out_twice(sqlite: Database, takes: list[tuple[int, int, float]]) -> None:
    clock, waits = FakeClock(), list[float]()
    with sqlite.begin() as session:
        session.execute(delete(RateBucket))
    pacers = [SharedPacer(sqlite, clock, {"push": 1000.0}, wait=waits.append) for _ in range(2)]
    turns = list[tuple[float, float]]()
    for who, count, pause in takes:
        clock.advance(timedelta(seconds=pause))
        pacers[who].take("push", count)
        begins = clock.now().timestamp() + waits[-1]
        # Who need not wait may have got a slot that began a little earlier.
        slot = begins if waits[-1] else begins - LATE
        turns.append((begins, slot + count / 1000))
    turns.sort()
    assert all(before[1] <= after[0] + 1e-4 for before, after in pairwise(turns))


def test_a_clock_that_was_set_back_a_day_does_not_stop_sending_for_a_day(database: Database) -> None:
    clock, waits = FakeClock(), list[float]()
    pacer = SharedPacer(database, clock, {"push": 1000.0}, wait=waits.append)
    pacer.take("push", 1)
    clock.advance(-timedelta(days=1))
    pacer.take("push", 1)
    assert waits == [0.0, 0.0]


def test_many_senders_at_a_slow_rate_get_a_turn_each_however_far_ahead_the_line_reaches(
    database: Database,
) -> None:
    clock, waits = FakeClock(), list[float]()
    pacers = [SharedPacer(database, clock, {"mail": 5 / 60}, wait=waits.append) for _ in range(2)]
    for turn in range(20):
        pacers[turn % 2].take("mail", 1)
    assert waits == pytest.approx([12.0 * turn for turn in range(20)], abs=0.001)


def test_at_a_slow_rate_too_a_clock_that_was_set_back_a_day_does_not_stop_sending_for_a_day(
    database: Database,
) -> None:
    clock, waits = FakeClock(), list[float]()
    pacer = SharedPacer(database, clock, {"mail": 5 / 60}, wait=waits.append)
    pacer.take("mail", 1)
    clock.advance(-timedelta(days=1))
    pacer.take("mail", 1)
    assert waits == [0.0, 0.0]


def test_four_processes_together_keep_the_rate_in_every_second(database: Database) -> None:
    rate, count, seconds = 400.0, 5, 3.0
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.scheduler.pacing_process", url, *map(str, (rate, count, seconds))]
    senders = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(4)
    ]
    for sender in senders:
        assert sender.stdout is not None
        assert sender.stdout.readline() == "ready\n"
    said = [sender.communicate(timeout=60)[0] for sender in _all_told(senders)]
    turns = sorted(float(line.split()[0]) for lines in said for line in lines.splitlines())
    # A turn begins at most LATE after its slot; two ends of a second may each catch one more.
    most = rate * (1 + LATE) + 2 * count
    assert max(count * sum(begin <= at < begin + 1 for at in turns) for begin in turns) <= most
    assert all(lines for lines in said), "each had some"


def _all_told(senders: "list[subprocess.Popen[str]]") -> "list[subprocess.Popen[str]]":
    """Let all of them go before any is waited for."""
    for sender in senders:
        assert sender.stdin is not None
        sender.stdin.write("go\n")
        sender.stdin.flush()
    return senders
