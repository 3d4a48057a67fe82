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


class Sending:
    """A broadcast whose first attempt finds no way to LINE."""

    def __init__(
        self, dispatcher: Dispatcher, gateway: FakeGateway, content: dict[str, Any], error: GatewayError
    ) -> None:
        self.dispatcher, self._gateway, self._content, self._error = dispatcher, gateway, content, error

    def first(self, **draft: Any) -> None:
        """Write it, plan it and try it once, in vain."""
        dispatcher = self.dispatcher
        self.friends = some_friends(dispatcher.database, FRIENDS)
        self.broadcast_id = a_draft(dispatcher, self._content, **draft)
        send(dispatcher, self.broadcast_id)
        plan_broadcast(dispatcher.database, dispatcher.queue, dispatcher.clock, self.broadcast_id)
        is_push = self._content is PERSONAL
        self._gateway.fail("push" if is_push else "multicast", self._error, times=FRIENDS if is_push else 1)
        self.again()
        assert self.got() == [0] * FRIENDS

    def again(self) -> None:
        """Try what is left of it."""
        with self.dispatcher.database.reading() as session:
            chunk_id = session.scalars(select(Chunk.id)).one()
        send_chunks(self.dispatcher, chunk_id)

    def got(self) -> list[int]:
        """Return how many messages each friend has got."""
        return [len(self._gateway.sent_to(friend)) for friend in self.friends]

    def states(self) -> list[tuple[DeliveryState, str | None]]:
        """Return where each friend's delivery stands, and why."""
        with self.dispatcher.database.reading() as session:
            rows = session.execute(select(Delivery.state, Delivery.reason).order_by(Delivery.id))
            return [(state, reason) for state, reason in rows]


@pytest.fixture
def sending(
    dispatcher: Dispatcher, gateway: FakeGateway, content: dict[str, Any], error: GatewayError
) -> Sending:
    return Sending(dispatcher, gateway, content, error)


def test_cancelled_meanwhile_it_goes_to_nobody_and_costs_nothing(sending: Sending, clock: FakeClock) -> None:
    sending.first()
    with sending.dispatcher.database.begin() as session:
        broadcasts.cancel(session, sending.broadcast_id, clock.now())
    clock.advance(timedelta(minutes=1))
    sending.again()
    assert sending.got() == [0] * FRIENDS
    assert sending.states() == [(DeliveryState.CANCELLED, "broadcast_cancelled")] * FRIENDS
    with sending.dispatcher.database.reading() as session:
        assert meter.read(session, clock.now()).taken == 0


def test_who_refused_meanwhile_gets_none_and_the_others_not_in_the_night(
    sending: Sending, clock: FakeClock
) -> None:
    sending.first()
    clock.advance(timedelta(hours=9))
    with sending.dispatcher.database.begin() as session:
        first = Friend.line_user_id == sending.friends[0]
        session.execute(update(Friend).where(first).values(opted_out_at=clock.now()))
    sending.again()
    assert sending.got() == [0] * FRIENDS
    held = [(DeliveryState.QUEUED, "quiet_hours")] * (FRIENDS - 1)
    assert sending.states() == [(DeliveryState.SKIPPED, "opted_out"), *held]


def test_what_has_expired_meanwhile_stays(sending: Sending, clock: FakeClock) -> None:
    sending.first(expires_at=clock.now() + timedelta(hours=1))
    clock.advance(timedelta(hours=2))
    sending.again()
    assert sending.got() == [0] * FRIENDS
    assert {state for state, _ in sending.states()} == {DeliveryState.SKIPPED}


def test_after_more_than_a_day_it_is_not_uncertain_and_still_leaves(
    sending: Sending, clock: FakeClock
) -> None:
    sending.first()
    clock.advance(timedelta(hours=25))
    sending.again()
    assert sending.got() == [1] * FRIENDS
    assert sending.states() == [(DeliveryState.ACCEPTED, None)] * FRIENDS
