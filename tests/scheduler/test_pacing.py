"""LINE's rates: several senders draw from one line of slots."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic

import pytest

from scheduler.pacing import SharedPacer
from segments.clock import SystemClock
from segments.db import Database
from tests.fakes.clock import FakeClock


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


def test_a_clock_that_was_set_back_a_day_does_not_stop_sending_for_a_day(database: Database) -> None:
    clock, waits = FakeClock(), list[float]()
    pacer = SharedPacer(database, clock, {"push": 1000.0}, wait=waits.append)
    pacer.take("push", 1)
    clock.advance(-timedelta(days=1))
    pacer.take("push", 1)
    assert waits == [0.0, 0.0]
