"""The hard budget: nothing that would exceed it leaves, the most valuable come first, the rest waits and goes on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from scheduler import broadcast_progress, broadcasts, drafts, manual, meter, plans, quota, releasing
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.gateway import Quota
from scheduler.models import BroadcastState, Delivery, DeliveryKind, DeliveryState, Purpose
from scheduler.months import next_month
from scheduler.plans import PLANS, Plan, Tier
from scheduler.reasons import Reason
from segments.errors import Conflict
from tests.builders import a_friend, a_message
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway
from tests.scheduler.budget_shop import HELLO, NAMED, a_buyer, allow, got, settle, started

TIERS = st.lists(st.tuples(st.integers(1, 9_000), st.sampled_from([0.5, 1.0, 2.8, 3.0])), max_size=3)


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
