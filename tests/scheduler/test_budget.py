"""The hard budget: nothing that would exceed it leaves, the most valuable come first, the rest waits and goes on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from scheduler import (
    broadcast_progress,
    broadcasts,
    collecting,
    drafts,
    manual,
    meter,
    plans,
    quota,
    releasing,
    reserved,
)
from scheduler.delivery import Dispatcher
from scheduler.drafts import Draft
from scheduler.gateway import Quota, QuotaExhausted, RefusedByLine, TemporaryGatewayError
from scheduler.models import (
    BroadcastState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    MessageMeter,
    Purpose,
)
from scheduler.months import month_of, next_month
from scheduler.plan import plan_broadcast
from scheduler.plans import PLANS, Plan, Tier
from scheduler.reasons import Reason
from segments import audience, shop
from segments.db import Database
from segments.errors import Conflict
from segments.models import Cycle
from segments.shop import Shop
from tests.aside import Aside
from tests.builders import a_friend, a_message, days_ago
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway

HELLO = {"ja": [{"type": "text", "text": "こんにちは"}]}
NAMED = {"ja": [{"type": "text", "text": "{{ name }}様、こんにちは"}]}
TIERS = st.lists(st.tuples(st.integers(1, 9_000), st.sampled_from([0.5, 1.0, 2.8, 3.0])), max_size=3)


def a_buyer(session: Session, yen: int, **values: Any) -> int:
    """Add a friend who bought lately for so much at a time, and will again."""
    friend = a_friend(
        session, facts={"purchase_count": 2, "spend_yen": 2 * yen, "last_purchase_at": days_ago(25)}, **values
    )
    session.add(
        Cycle(
            friend_id=friend.id,
            category="",
            n=1,
            s1=3.4,
            s2=11.6,
            first_at=days_ago(55),
            last_at=days_ago(25),
            sum_amount=2 * yen,
            last_quantity=1,
        )
    )
    session.flush()
    return friend.id


def allow(session: Session, messages: int) -> None:
    """Set a budget that pays for so many messages a month: each additional one costs ¥1."""
    quota.choose_plan(session, "communication", A_SATURDAY)
    own = Plan("own", "自店プラン", "Own plan", 1_000, 0, (Tier(None, 1.0),))
    quota.save_plan(session, own, A_SATURDAY)
    quota.choose_plan(session, "own", A_SATURDAY)
    shop.save(session, Shop(monthly_budget_yen=1_000 + messages), A_SATURDAY)


def started(dispatcher: Dispatcher, content: dict[str, Any] = HELLO, purpose: Purpose = Purpose.SALES) -> int:
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        draft = Draft("秋", content, condition={"is": "everyone"}, purpose=purpose)
        broadcast_id = drafts.create(session, draft, now=now, by="test").id
        broadcasts.schedule(session, dispatcher.queue, broadcast_id, None, now)
    return broadcast_id


def let_go_and_collect(dispatcher: Dispatcher) -> None:
    """Do the parts of a tick that let go what waits."""
    now = dispatcher.clock.now()

    def collect(session: Session, at: datetime) -> int:
        return collecting.collect_due(session, dispatcher.queue, at)

    for part in (releasing.release, collect):
        while True:
            with dispatcher.database.begin() as session:
                if not part(session, now):
                    break


def settle(dispatcher: Dispatcher, run_jobs: Callable[[], int]) -> None:
    for _ in range(4):
        run_jobs()
        let_go_and_collect(dispatcher)
    run_jobs()


def got(session: Session) -> set[int]:
    return set(session.scalars(select(Delivery.friend_id).where(Delivery.state == DeliveryState.ACCEPTED)))


@given(TIERS, st.integers(0, 40_000), st.integers(0, 60_000))
def test_the_messages_a_budget_pays_for_cost_no_more_than_it_and_one_more_would(
    tiers: list[tuple[int, float]], included: int, budget: int
) -> None:
    ends, made = 0, list[Tier]()
    for length, yen in tiers:
        ends += length
        made.append(Tier(ends, yen))
    plan = Plan("own", "自", "own", 500, included, tuple(made))
    most = plans.messages_for(plan, budget)
    assert most is not None
    assert plans.extra_cost(plan, most) <= max(0, budget - 500) + 1e-6
    limit = plans.most_messages(plan)
    assert most == limit or plans.extra_cost(plan, most + 1) > max(0, budget - 500)


def test_a_plan_with_a_price_for_any_number_is_limited_by_the_budget_alone() -> None:
    assert plans.messages_for(PLANS[2], 15_000) == 30_000
    assert plans.messages_for(PLANS[2], 15_000 + 150_000 + 28) == 30_000 + 50_000 + 10
    assert plans.messages_for(PLANS[0], 1_000_000) == 200
    assert plans.messages_for(Plan("free", "無", "free", 0, 10, (Tier(None, 0.0),)), 0) is None


@pytest.mark.parametrize("content", [HELLO, NAMED])
def test_nothing_beyond_the_budget_leaves_and_the_most_valuable_friends_come_first(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Callable[[], int], content: dict[str, Any]
) -> None:
    with dispatcher.database.begin() as session:
        strangers = [a_friend(session).id for _ in range(3)]
        buyers = [a_buyer(session, yen) for yen in (1_000, 9_000, 4_000)]
        allow(session, 2)
    broadcast_id = started(dispatcher, content)
    settle(dispatcher, run_jobs)
    with dispatcher.database.reading() as session:
        assert got(session) == {buyers[1], buyers[2]}
        progress = broadcast_progress.progress(session, broadcast_id)
        now = dispatcher.clock.now()
        assert progress.waiting_by_reason == {Reason.OVER_BUDGET: len(strangers) + 1}
        assert progress.waiting_until == next_month(now)
        assert meter.read(session, now).taken == 2
        assert meter.held_since(session) is not None
    assert progress.state is BroadcastState.SENDING
    assert gateway.used == 2


def test_the_rest_goes_on_when_the_budget_is_raised_and_the_broadcast_ends(
    dispatcher: Dispatcher, run_jobs: Callable[[], int]
) -> None:
    with dispatcher.database.begin() as session:
        friends = {a_friend(session).id for _ in range(4)}
        allow(session, 1)
    broadcast_id = started(dispatcher)
    settle(dispatcher, run_jobs)
    with dispatcher.database.begin() as session:
        assert len(got(session)) == 1
        allow(session, 10)
    settle(dispatcher, run_jobs)
    with dispatcher.database.reading() as session:
        assert got(session) == friends
        progress = broadcast_progress.progress(session, broadcast_id)
        assert meter.held_since(session) is None
    assert progress.state is BroadcastState.DONE


def test_the_rest_goes_on_by_itself_in_the_next_month_up_to_that_months_budget(
    dispatcher: Dispatcher, clock: FakeClock, run_jobs: Callable[[], int]
) -> None:
    with dispatcher.database.begin() as session:
        for _ in range(5):
            a_friend(session)
        allow(session, 2)
    started(dispatcher)
    settle(dispatcher, run_jobs)
    clock.advance(next_month(clock.now()) + timedelta(hours=11) - clock.now())
    settle(dispatcher, run_jobs)
    with dispatcher.database.reading() as session:
        assert len(got(session)) == 4
        assert meter.read(session, clock.now()).taken == 2
        waiting = session.scalars(select(Delivery.not_before).where(Delivery.state == DeliveryState.QUEUED))
        assert waiting.all() == [next_month(clock.now())]


def test_lines_own_limit_holds_the_rest_as_the_budget_does(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Callable[[], int]
) -> None:
    with dispatcher.database.begin() as session:
        for _ in range(3):
            a_friend(session)
        quota.note_use(session, Quota(5, 3), A_SATURDAY)
    broadcast_id = started(dispatcher)
    settle(dispatcher, run_jobs)
    with dispatcher.database.reading() as session:
        progress = broadcast_progress.progress(session, broadcast_id)
    assert progress.waiting_by_reason == {Reason.PLAN_FULL: 1}
    assert gateway.used == 2


def test_care_goes_before_sales_whatever_was_planned_first(
    dispatcher: Dispatcher, run_jobs: Callable[[], int]
) -> None:
    with dispatcher.database.begin() as session:
        for _ in range(2):
            a_friend(session)
        allow(session, 3)
    sales = started(dispatcher)
    care = started(dispatcher, purpose=Purpose.CARE)
    with dispatcher.database.begin() as session:
        assert releasing.keep_for_care(session, dispatcher.clock.now()) == 2
    settle(dispatcher, run_jobs)
    with dispatcher.database.reading() as session:
        counted = dict(
            session.execute(
                select(Delivery.broadcast_id, func.count())
                .where(Delivery.state == DeliveryState.ACCEPTED)
                .group_by(Delivery.broadcast_id)
            ).all()
        )
    assert counted == {care: 2, sales: 1}


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


def test_a_test_and_a_typed_answer_are_refused_when_nothing_is_left(dispatcher: Dispatcher) -> None:
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        friend_id = a_friend(session).id
        allow(session, 0)
        draft = Draft("秋", HELLO, condition={"is": "everyone"})
        number = drafts.create(session, draft, now=now, by="test").id
        with pytest.raises(Conflict, match="over_budget"):
            broadcasts.send_test(session, dispatcher.queue, number, friend_id, now)
    with pytest.raises(Conflict, match="answer_impossible"), dispatcher.database.begin() as session:
        manual.write(session, dispatcher.queue, friend_id, "はい", "operator:1", now)


def test_a_step_counts_and_waits_as_well(dispatcher: Dispatcher, run_jobs: Callable[[], int]) -> None:
    with dispatcher.database.begin() as session:
        friend_id = a_friend(session).id
        allow(session, 0)
        message = a_message(session)
        session.add(
            Delivery(
                friend_id=friend_id,
                kind=DeliveryKind.STEP,
                purpose=Purpose.CARE,
                message_version_id=message.id,
                state=DeliveryState.QUEUED,
                created_at=A_SATURDAY,
                not_before=A_SATURDAY,
            )
        )
    settle(dispatcher, run_jobs)
    with dispatcher.database.reading() as session:
        (delivery,) = session.scalars(select(Delivery))
    assert (delivery.state, delivery.reason) == (DeliveryState.QUEUED, Reason.OVER_BUDGET)


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
        delivery_id = _a_step(session, clock.now(), expires_at=clock.now() + timedelta(hours=2))
        allow(session, 0)
    settle(dispatcher, run_jobs)
    with dispatcher.database.reading() as session:
        assert session.get_one(Delivery, delivery_id).reason == Reason.OVER_BUDGET
    clock.advance(timedelta(hours=2))
    settle(dispatcher, run_jobs)
    with dispatcher.database.reading() as session:
        ended = session.get_one(Delivery, delivery_id)
        assert (ended.state, ended.reason) == (DeliveryState.SKIPPED, Reason.EXPIRED)


def _a_step(session: Session, now: datetime, **values: Any) -> int:
    delivery = Delivery(
        friend_id=a_friend(session).id,
        kind=DeliveryKind.STEP,
        purpose=Purpose.SALES,
        message_version_id=a_message(session, "新商品です").id,
        created_at=now,
        not_before=now,
        **values,
    )
    session.add(delivery)
    session.flush()
    return delivery.id


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
        delivery_id = _a_step(session, clock.now())
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
