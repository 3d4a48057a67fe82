"""What waits for money: it expires in time, and none is forgotten while others are let go."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from scheduler import broadcast_progress, broadcasts, drafts, meter, releasing, reserved
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.models import BroadcastState, Delivery, DeliveryState
from scheduler.months import next_month
from scheduler.plan import plan_broadcast
from scheduler.reasons import Reason
from segments import audience
from tests.aside import Aside
from tests.builders import a_friend
from tests.fakes.clock import FakeClock
from tests.scheduler.budget_shop import HELLO, a_step, allow, settle


def test_what_expires_while_it_waits_for_money_ends_and_so_does_its_broadcast(
    dispatcher: Dispatcher, clock: FakeClock, run_jobs: Callable[[], int]
) -> None:
    with dispatcher.database.begin() as session:
        for _ in range(3):
            a_friend(session)
        allow(session, 1)
        draft = Draft("秋", HELLO, condition={"is": "everyone"}, expires_at=clock.now() + timedelta(hours=2))
        broadcast_id = drafts.create(session, draft, now=clock.now(), by="test").id
        broadcasts.schedule(session, dispatcher.queue, broadcast_id, None, clock.now())
    settle(dispatcher, run_jobs)
    clock.advance(timedelta(hours=2))
    settle(dispatcher, run_jobs)
    with dispatcher.database.reading() as session:
        progress = broadcast_progress.progress(session, broadcast_id)
        ended = session.scalars(select(Delivery.reason).where(Delivery.state == DeliveryState.SKIPPED)).all()
    assert progress.state is BroadcastState.DONE
    assert ended == [Reason.EXPIRED] * 2


def test_what_claimed_and_found_no_room_is_ended_by_its_expiry_too(
    dispatcher: Dispatcher, clock: FakeClock, run_jobs: Callable[[], int]
) -> None:
    with dispatcher.database.begin() as session:
        delivery_id = a_step(session, clock.now(), expires_at=clock.now() + timedelta(hours=2))
        allow(session, 0)
    settle(dispatcher, run_jobs)
    with dispatcher.database.reading() as session:
        assert session.get_one(Delivery, delivery_id).reason == Reason.OVER_BUDGET
    clock.advance(timedelta(hours=2))
    settle(dispatcher, run_jobs)
    with dispatcher.database.reading() as session:
        ended = session.get_one(Delivery, delivery_id)
        assert (ended.state, ended.reason) == (DeliveryState.SKIPPED, Reason.EXPIRED)


def test_a_page_that_is_put_aside_after_all_others_were_let_go_is_not_forgotten(
    dispatcher: Dispatcher, clock: FakeClock
) -> None:
    with dispatcher.database.begin() as session:
        friends = [a_friend(session).id for _ in range(2)]
        listed = audience.freeze_list(session, friends, "list.csv", clock.now())
        draft = Draft("秋", HELLO, audience_id=listed.id)
        broadcast = drafts.create(session, draft, now=clock.now(), by="test")
        # Its first page is planned, and what was on it has left.
        broadcast.state, broadcast.started_at = BroadcastState.PLANNING, clock.now()
        broadcast.by_value, broadcast.planned_through = True, friends[0]
        session.flush()
        allow(session, 0)
        assert meter.held_since(session) is None
    plan_broadcast(dispatcher.database, dispatcher.queue, clock, broadcast.id)
    with dispatcher.database.reading() as session:
        assert reserved.held(session) == 1
        assert meter.held_since(session) == clock.now()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_what_begins_to_wait_while_the_last_is_let_go_is_not_forgotten(
    dispatcher: Dispatcher, clock: FakeClock
) -> None:
    with dispatcher.database.begin() as session:
        delivery_id = a_step(session, clock.now())
        allow(session, 0)
        meter.note_holding(session, clock.now())
    tick = Aside(dispatcher.database)
    with dispatcher.database.begin() as session:
        assert meter.claim(session, 1, clock.now(), sales=True) == 0
        waiting = {"reason": Reason.OVER_BUDGET, "not_before": next_month(clock.now())}
        session.execute(update(Delivery).where(Delivery.id == delivery_id).values(waiting))
        released = tick.start(lambda other: releasing.release(other, clock.now()))
        tick.wait_until_it_waits()
    assert released() == 0
    with dispatcher.database.reading() as session:
        assert meter.held_since(session) is not None
