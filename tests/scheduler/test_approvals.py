"""Two-person approval: a broadcast to many waits for somebody other than its author; editing voids it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from scheduler import approvals, broadcasts, drafts
from scheduler.approvals import Seen
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.models import Broadcast, BroadcastState
from scheduler.plan import plan_broadcast
from segments import shop
from segments.errors import Conflict
from segments.shop import Shop
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway

AUTHOR, OTHER = "operator:1", "operator:2"
HELLO = {"ja": [{"type": "text", "text": "こんにちは"}]}


def written(dispatcher: Dispatcher, friends: int = 3, above: int | None = 2, **fields: Any) -> int:
    with dispatcher.database.begin() as session:
        for _ in range(friends):
            a_friend(session)
        shop.save(session, Shop(approval_above=above), A_SATURDAY)
        whom: dict[str, Any] = {"condition": {"is": "everyone"}}
        draft = Draft("秋", HELLO, **(whom | fields))
        return drafts.create(session, draft, now=A_SATURDAY, by=AUTHOR).id


def scheduled(dispatcher: Dispatcher, broadcast_id: int, **later: float) -> BroadcastState:
    now = dispatcher.clock.now()
    at = now + timedelta(**later) if later else None
    with dispatcher.database.begin() as session:
        return broadcasts.schedule(session, dispatcher.queue, broadcast_id, at, now, AUTHOR).state


def approve(dispatcher: Dispatcher, broadcast_id: int, by: str = OTHER, **seen: Any) -> None:
    with dispatcher.database.begin() as session:
        broadcasts.approve(session, dispatcher.queue, broadcast_id, by, dispatcher.clock.now(), **seen)


def looked(dispatcher: Dispatcher, broadcast_id: int, friends: int = 3) -> Seen:
    """Return what somebody sees who looks at a broadcast now."""
    asked_at = stored(dispatcher, broadcast_id).asked_at
    assert asked_at is not None
    return Seen(asked_at, dispatcher.clock.now(), friends)


def stored(dispatcher: Dispatcher, broadcast_id: int) -> Broadcast:
    with dispatcher.database.reading() as session:
        return session.get_one(Broadcast, broadcast_id)


def test_a_broadcast_to_many_leaves_only_when_somebody_else_has_approved_it(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Callable[[], int]
) -> None:
    broadcast_id = written(dispatcher)
    assert scheduled(dispatcher, broadcast_id) is BroadcastState.AWAITING_APPROVAL
    run_jobs()
    assert gateway.used == 0
    approve(dispatcher, broadcast_id)
    run_jobs()
    assert gateway.used == 3
    done = stored(dispatcher, broadcast_id)
    assert (done.state, done.approved_by, done.approved_for) == (BroadcastState.DONE, OTHER, 3)


@pytest.mark.parametrize(("friends", "above"), [(2, 2), (3, None)])
def test_one_to_few_needs_nobodys_approval(dispatcher: Dispatcher, friends: int, above: int | None) -> None:
    broadcast_id = written(dispatcher, friends, above)
    assert scheduled(dispatcher, broadcast_id) is BroadcastState.PLANNING


def test_friends_whom_it_does_not_reach_do_not_count(dispatcher: Dispatcher) -> None:
    broadcast_id = written(dispatcher, friends=2)
    with dispatcher.database.begin() as session:
        a_friend(session, blocked_at=days_ago(1))
    assert scheduled(dispatcher, broadcast_id) is BroadcastState.PLANNING


def test_nobody_approves_what_they_wrote_or_asked_for(dispatcher: Dispatcher) -> None:
    broadcast_id = written(dispatcher)
    scheduled(dispatcher, broadcast_id)
    with pytest.raises(Conflict, match="own_approval"):
        approve(dispatcher, broadcast_id, AUTHOR)
    assert stored(dispatcher, broadcast_id).state is BroadcastState.AWAITING_APPROVAL


@pytest.mark.parametrize("is_approved", [False, True])
def test_editing_voids_the_approval(dispatcher: Dispatcher, is_approved: bool) -> None:
    broadcast_id = written(dispatcher)
    scheduled(dispatcher, broadcast_id, hours=3)
    if is_approved:
        approve(dispatcher, broadcast_id)
    with dispatcher.database.begin() as session:
        draft = Draft("秋", HELLO, condition={"is": "everyone"})
        drafts.update(session, broadcast_id, draft, now=A_SATURDAY, by=AUTHOR)
    found = stored(dispatcher, broadcast_id)
    assert (found.state, found.approved_by, found.asked_by) == (BroadcastState.DRAFT, None, None)
    assert scheduled(dispatcher, broadcast_id) is BroadcastState.AWAITING_APPROVAL


def test_what_was_changed_while_somebody_looked_at_it_is_not_approved(
    dispatcher: Dispatcher, clock: FakeClock
) -> None:
    broadcast_id = written(dispatcher)
    scheduled(dispatcher, broadcast_id)
    seen = looked(dispatcher, broadcast_id)
    clock.advance(timedelta(minutes=1))
    with dispatcher.database.begin() as session:
        draft = Draft("秋", HELLO, condition={"is": "everyone"})
        drafts.update(session, broadcast_id, draft, now=clock.now(), by=AUTHOR)
    scheduled(dispatcher, broadcast_id)
    with pytest.raises(Conflict, match="approval_outdated"):
        approve(dispatcher, broadcast_id, seen=seen)
    approve(dispatcher, broadcast_id, seen=looked(dispatcher, broadcast_id))


def test_an_approved_broadcast_keeps_its_time(dispatcher: Dispatcher) -> None:
    broadcast_id = written(dispatcher)
    scheduled(dispatcher, broadcast_id, hours=3)
    approve(dispatcher, broadcast_id)
    found = stored(dispatcher, broadcast_id)
    assert (found.state, found.scheduled_at) == (BroadcastState.SCHEDULED, A_SATURDAY + timedelta(hours=3))


def test_a_scheduled_broadcast_that_grew_beyond_the_number_waits_after_all(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Callable[[], int], clock: FakeClock
) -> None:
    broadcast_id = written(dispatcher, friends=2)
    assert scheduled(dispatcher, broadcast_id, hours=1) is BroadcastState.SCHEDULED
    clock.advance(timedelta(hours=1))
    with dispatcher.database.begin() as session:
        a_friend(session)
        broadcasts.start_due(session, dispatcher.queue, clock.now())
    run_jobs()
    assert stored(dispatcher, broadcast_id).state is BroadcastState.AWAITING_APPROVAL
    assert gateway.used == 0
    approve(dispatcher, broadcast_id)
    run_jobs()
    assert gateway.used == 3


def test_a_broadcast_that_is_sent_back_is_a_draft_with_a_note(dispatcher: Dispatcher) -> None:
    broadcast_id = written(dispatcher)
    scheduled(dispatcher, broadcast_id)
    with dispatcher.database.begin() as session:
        assert approvals.waiting(session) == 1
        approvals.send_back(session, broadcast_id, "価格が違います")
        assert approvals.waiting(session) == 0
    found = stored(dispatcher, broadcast_id)
    assert (found.state, found.returned_note) == (BroadcastState.DRAFT, "価格が違います")


def test_what_waits_for_approval_can_be_cancelled_and_then_not_approved(dispatcher: Dispatcher) -> None:
    broadcast_id = written(dispatcher)
    scheduled(dispatcher, broadcast_id)
    with dispatcher.database.begin() as session:
        broadcasts.cancel(session, broadcast_id, A_SATURDAY)
    with pytest.raises(Conflict, match="broadcast_state"):
        approve(dispatcher, broadcast_id)
    plan_broadcast(dispatcher.database, dispatcher.queue, dispatcher.clock, broadcast_id)
    assert stored(dispatcher, broadcast_id).state is BroadcastState.CANCELLED
