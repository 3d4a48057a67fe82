"""What LINE certainly did not take is as if it had never been tried: whoever stops it, or forbids it, is heard."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from scheduler import broadcasts, meter
from scheduler.delivery import send_chunks
from scheduler.dispatcher import Dispatcher
from scheduler.gateway import GatewayError, NotTaken, RateLimited
from scheduler.models import Chunk, Delivery, DeliveryState
from scheduler.plan import plan_broadcast
from segments.models import Friend
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.scheduler.broadcast_drafts import HELLO, PERSONAL, a_draft, send, some_friends

FRIENDS = 3
NOT_TAKEN = [
    NotTaken("ClientConnectorError"),
    RateLimited("The API rate limit has been exceeded", status=429),
]
pytestmark = [
    pytest.mark.parametrize("error", NOT_TAKEN, ids=["no connection", "429"]),
    pytest.mark.parametrize("content", [HELLO, PERSONAL], ids=["multicast", "push"]),
]


def tried(
    dispatcher: Dispatcher, gateway: FakeGateway, content: dict[str, Any], error: GatewayError, **draft: Any
) -> tuple[int, list[str], int]:
    """Return a broadcast whose first attempt found no way to LINE, its friends and its chunk."""
    friends = some_friends(dispatcher.database, FRIENDS)
    broadcast_id = a_draft(dispatcher, content, **draft)
    send(dispatcher, broadcast_id)
    plan_broadcast(dispatcher.database, dispatcher.queue, dispatcher.clock, broadcast_id)
    is_push = content is PERSONAL
    gateway.fail("push" if is_push else "multicast", error, times=FRIENDS if is_push else 1)
    with dispatcher.database.reading() as session:
        chunk_id = session.scalars(select(Chunk.id)).one()
    send_chunks(dispatcher, chunk_id)
    assert [gateway.sent_to(friend) for friend in friends] == [[]] * FRIENDS
    return broadcast_id, friends, chunk_id


def states(dispatcher: Dispatcher) -> list[tuple[DeliveryState, str | None]]:
    with dispatcher.database.reading() as session:
        rows = session.execute(select(Delivery.state, Delivery.reason).order_by(Delivery.id))
        return [(state, reason) for state, reason in rows]


def test_cancelled_meanwhile_it_goes_to_nobody_and_costs_nothing(
    dispatcher: Dispatcher,
    gateway: FakeGateway,
    clock: FakeClock,
    content: dict[str, Any],
    error: GatewayError,
) -> None:
    broadcast_id, friends, chunk_id = tried(dispatcher, gateway, content, error)
    with dispatcher.database.begin() as session:
        broadcasts.cancel(session, broadcast_id, clock.now())
    clock.advance(timedelta(minutes=1))
    send_chunks(dispatcher, chunk_id)
    assert [gateway.sent_to(friend) for friend in friends] == [[]] * FRIENDS
    assert states(dispatcher) == [(DeliveryState.CANCELLED, "broadcast_cancelled")] * FRIENDS
    with dispatcher.database.reading() as session:
        assert meter.read(session, clock.now()).taken == 0


def test_who_refused_meanwhile_gets_none_and_the_others_not_in_the_night(
    dispatcher: Dispatcher,
    gateway: FakeGateway,
    clock: FakeClock,
    content: dict[str, Any],
    error: GatewayError,
) -> None:
    _, friends, chunk_id = tried(dispatcher, gateway, content, error)
    clock.advance(timedelta(hours=9))
    with dispatcher.database.begin() as session:
        gone = update(Friend).where(Friend.line_user_id == friends[0]).values(opted_out_at=clock.now())
        session.execute(gone)
    send_chunks(dispatcher, chunk_id)
    assert [gateway.sent_to(friend) for friend in friends] == [[]] * FRIENDS
    held = [(DeliveryState.QUEUED, "quiet_hours")] * (FRIENDS - 1)
    assert states(dispatcher) == [(DeliveryState.SKIPPED, "opted_out"), *held]


def test_what_has_expired_meanwhile_stays(
    dispatcher: Dispatcher,
    gateway: FakeGateway,
    clock: FakeClock,
    content: dict[str, Any],
    error: GatewayError,
) -> None:
    soon = clock.now() + timedelta(hours=1)
    _, friends, chunk_id = tried(dispatcher, gateway, content, error, expires_at=soon)
    clock.advance(timedelta(hours=2))
    send_chunks(dispatcher, chunk_id)
    assert [gateway.sent_to(friend) for friend in friends] == [[]] * FRIENDS
    assert {state for state, _ in states(dispatcher)} == {DeliveryState.SKIPPED}


def test_after_more_than_a_day_it_is_not_uncertain_and_still_leaves(
    dispatcher: Dispatcher,
    gateway: FakeGateway,
    clock: FakeClock,
    content: dict[str, Any],
    error: GatewayError,
) -> None:
    _, friends, chunk_id = tried(dispatcher, gateway, content, error)
    clock.advance(timedelta(hours=25))
    send_chunks(dispatcher, chunk_id)
    assert [len(gateway.sent_to(friend)) for friend in friends] == [1] * FRIENDS
    assert states(dispatcher) == [(DeliveryState.ACCEPTED, None)] * FRIENDS
