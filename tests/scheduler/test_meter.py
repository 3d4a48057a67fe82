"""The month's meter: claimed once, given back when LINE refuses, corrected by LINE's own count."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, update

from scheduler import meter, quota, reconciling
from scheduler.dispatcher import Dispatcher
from scheduler.gateway import Quota, QuotaExhausted, RefusedByLine, TemporaryGatewayError
from scheduler.models import Delivery, DeliveryState, MessageMeter
from scheduler.months import month_of, next_month
from segments.db import Database
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY
from tests.fakes.gateway import FakeGateway
from tests.scheduler.budget_shop import NAMED, allow, settle, started


def test_what_line_refused_goes_back_to_the_months_messages(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Callable[[], int]
) -> None:
    with dispatcher.database.begin() as session:
        for _ in range(3):
            a_friend(session)
        allow(session, 10)
    gateway.fail("push", RefusedByLine("no", status=400), times=1)
    started(dispatcher, NAMED)
    run_jobs()
    gateway.fail("multicast", QuotaExhausted("monthly", status=429), times=1)
    started(dispatcher)
    run_jobs()
    with dispatcher.database.reading() as session:
        assert meter.read(session, dispatcher.clock.now()).claimed == gateway.used == 2


def test_two_processes_never_both_take_the_last_message(database: Database) -> None:
    with database.begin() as session:
        allow(session, 100)
    granted: list[int] = []
    together = Barrier(4)

    def take() -> None:
        together.wait()
        for _ in range(12):
            with database.begin() as session:
                granted.append(meter.claim(session, 7, A_SATURDAY, sales=True))

    threads = [Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == 100
    with database.reading() as session:
        assert meter.read(session, A_SATURDAY).claimed == 100


def test_messages_that_line_counts_beyond_ours_use_up_the_budget_too(sqlite: Database) -> None:
    with sqlite.begin() as session:
        allow(session, 10)
        assert meter.claim(session, 3, A_SATURDAY, sales=False) == 3
        quota.note_use(session, Quota(None, 9), A_SATURDAY)
        assert meter.read(session, A_SATURDAY).beyond == 6
        # LINE counts late: what it has not counted yet must not hide what staff sent by hand.
        assert meter.claim(session, 1, A_SATURDAY, sales=False) == 1
        quota.note_use(session, Quota(None, 9), A_SATURDAY)
        assert meter.claim(session, 5, A_SATURDAY, sales=False) == 0


@pytest.mark.parametrize("minutes", [0, 20, 59])
def test_a_comparison_in_a_months_first_hour_does_not_close_the_month(
    database: Database, minutes: int
) -> None:
    now = next_month(A_SATURDAY) + timedelta(minutes=minutes)
    with database.begin() as session:
        allow(session, 5_000)
        assert meter.claim(session, 3, now, sales=False) == 3
        found = reconciling.reconcile(session, Quota(5_000, 5_000), now)
        assert (found.is_settled, found.is_alarm) == (False, False)
        left = meter.read(session, now)
        assert (left.claimed, left.beyond) == (0, 0), "ours is set right all the same"
        assert meter.refusal(session, now) is None
        assert not reconciling.comparisons(session)


def test_what_was_known_beyond_ours_stays_when_lines_count_is_not_settled(database: Database) -> None:
    first = next_month(A_SATURDAY)
    with database.begin() as session:
        meter.note_line(session, Quota(None, 7), first + timedelta(hours=1))
        reconciling.reconcile(session, Quota(None, 900), first + timedelta(minutes=59))
        assert meter.read(session, first).beyond == 7
        found = reconciling.reconcile(session, Quota(None, 4), first + timedelta(hours=1))
        assert found.is_settled
        assert meter.read(session, first).beyond == 4


def test_in_a_months_first_hour_lines_count_may_be_that_of_the_month_before(sqlite: Database) -> None:
    first = next_month(A_SATURDAY)
    with sqlite.begin() as session:
        quota.note_use(session, Quota(None, 900), first + timedelta(minutes=5))
        assert quota.used_this_month(session, first) == 0
        quota.note_use(session, Quota(None, 4), first + timedelta(hours=2))
        assert quota.used_this_month(session, first) == 4


def test_a_month_that_nobody_asked_about_begins_at_nothing(sqlite: Database) -> None:
    with sqlite.begin() as session:
        quota.note_use(session, Quota(None, 9), A_SATURDAY)
        later = next_month(A_SATURDAY)
        assert quota.used_this_month(session, later) == 0
        assert quota.used_at(session, later) is None
        session.execute(update(MessageMeter).values(claimed=5))
        assert quota.used_this_month(session, A_SATURDAY) == 14
    assert month_of(later) == "2026-12"


def test_what_line_refuses_at_the_second_try_goes_back_to_the_months_messages(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Callable[[], int]
) -> None:
    with dispatcher.database.begin() as session:
        a_friend(session)
        allow(session, 5)
    gateway.fail("push", TemporaryGatewayError("500", status=500))
    gateway.fail("push", RefusedByLine("no", status=400))
    started(dispatcher, NAMED)
    settle(dispatcher, run_jobs)
    with dispatcher.database.reading() as session:
        assert session.scalars(select(Delivery.state)).one() is DeliveryState.FAILED
        assert meter.read(session, A_SATURDAY).claimed == 0
