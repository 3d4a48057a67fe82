"""LINE's rates: several senders draw from one line of slots."""

from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from time import monotonic

from scheduler.models import RateBucket
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


def test_a_clock_that_was_set_back_a_day_does_not_stop_sending_for_a_day(database: Database) -> None:
    pacer = SharedPacer(database, SystemClock(), {"push": 1000.0})
    with database.begin() as session:
        session.get_one(RateBucket, "push").next_free = SystemClock().now().timestamp() + 24 * 3600
    turn = Thread(target=pacer.take, args=("push", 1), daemon=True)
    turn.start()
    turn.join(timeout=10)
    assert not turn.is_alive()
