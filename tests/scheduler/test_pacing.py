"""LINE's rates: several senders draw from one line of slots."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from scheduler.pacing import SharedPacer
from segments.clock import SystemClock
from segments.db import Database


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
    pacer = SharedPacer(database, SystemClock(), {"push": 1000.0})
    pacer.take("push", 1)
    began = monotonic()
    pacer.take("push", 1)
    assert monotonic() - began < 0.5
