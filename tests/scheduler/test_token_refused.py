"""A token that LINE refuses, and fifty thousand steps that are due: one push now and then finds out, not all of them."""

from datetime import timedelta

from sqlalchemy import func, select

from scheduler.delivery import SLICE
from scheduler.dispatcher import Dispatcher
from scheduler.gateway import TokenInvalid
from scheduler.models import Attempt, Delivery, DeliveryKind, DeliveryState, Purpose
from scheduler.tick import tick
from tests.builders import a_message, many_friends
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.scheduler.broadcast_drafts import Run

STEPS, CHUNKS = 2_000, 4


def test_few_calls_are_spent_on_it_and_everything_leaves_once_it_is_mended(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, clock: FakeClock
) -> None:
    friends = _due_steps(dispatcher)
    gateway.fail("push", TokenInvalid("401", status=401), times=STEPS)
    rounds = 3
    for _ in range(rounds):
        tick(dispatcher)
        run_jobs()
        clock.advance(timedelta(minutes=16))
    assert _attempts(dispatcher) == SLICE + rounds * CHUNKS - 1
    gateway.mend("push")
    tick(dispatcher)
    run_jobs()
    assert [len(gateway.sent_to(friend)) for friend in friends] == [1] * STEPS


def _due_steps(dispatcher: Dispatcher) -> list[str]:
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        friends = many_friends(session, STEPS)
        version = a_message(session, "歩")
        session.add_all(
            Delivery(
                friend_id=friend.id,
                kind=DeliveryKind.STEP,
                purpose=Purpose.CARE,
                message_version_id=version.id,
                state=DeliveryState.QUEUED,
                created_at=now,
                not_before=now,
            )
            for friend in friends
        )
        return [friend.line_user_id or "" for friend in friends]


def _attempts(dispatcher: Dispatcher) -> int:
    with dispatcher.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Attempt)) or 0
