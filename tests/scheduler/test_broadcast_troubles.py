"""A broadcast in trouble: answers lost, LINE refusing or away, jobs and processes that die; nobody gets it twice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from scheduler import broadcasts, chunks
from scheduler.delivery import send_chunk
from scheduler.dispatcher import Dispatcher
from scheduler.gateway import (
    Accepted,
    GatewayError,
    Push,
    QuotaExhausted,
    RateLimited,
    RefusedByLine,
    TemporaryGatewayError,
    TokenInvalid,
)
from scheduler.jobs import Job
from scheduler.models import Attempt, BroadcastState, Chunk, DeliveryState
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue
from tests.scheduler.broadcast_drafts import (
    HELLO,
    PERSONAL,
    Run,
    a_draft,
    lost,
    progress_of,
    send,
    some_friends,
)
from tests.scheduler.conftest import jobs_of


class Crash(BaseException):
    """The process dies here."""


class CrashingGateway(FakeGateway):
    """Dies after LINE took the pushes and before anybody hears of it."""

    crashes = True

    def push_many(self, pushes: Sequence[Push]) -> list[Accepted | GatewayError]:
        """Send, then die."""
        answers = super().push_many(pushes)
        if self.crashes:
            raise Crash
        return answers


@pytest.mark.parametrize("content", [HELLO, PERSONAL], ids=["multicast", "push"])
def test_a_lost_answer_is_resolved_by_the_retry_key_and_sent_once(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, content: dict[str, Any]
) -> None:
    friends = some_friends(dispatcher.database, 3)
    gateway.lose_answer("multicast" if content is HELLO else "push", times=2)
    broadcast_id = a_draft(dispatcher, content)
    send(dispatcher, broadcast_id)
    run_jobs()
    assert [len(gateway.sent_to(friend)) for friend in friends] == [1, 1, 1]
    assert progress_of(dispatcher, broadcast_id).by_state == {DeliveryState.ACCEPTED: 3}
    with dispatcher.database.begin() as session:
        outcomes = session.scalars(select(Attempt.outcome)).all()
    assert "already_accepted" in outcomes


@pytest.mark.parametrize("content", [HELLO, PERSONAL], ids=["multicast", "push"])
@pytest.mark.parametrize("error", [TemporaryGatewayError("500", status=500), RateLimited("429", status=429)])
def test_what_line_cannot_take_now_is_tried_again_with_the_same_key(
    dispatcher: Dispatcher,
    gateway: FakeGateway,
    run_jobs: Run,
    content: dict[str, Any],
    error: TemporaryGatewayError,
) -> None:
    (friend,) = some_friends(dispatcher.database, 1)
    gateway.fail("multicast" if content is HELLO else "push", error, times=3)
    send(dispatcher, a_draft(dispatcher, content))
    run_jobs()
    assert len(gateway.sent_to(friend)) == 1
    keys = {given["key"] for _, given in gateway.calls}
    assert len(gateway.calls) == 4
    assert len(keys) == 1


def test_a_recipient_that_line_does_not_know_is_dropped_and_the_rest_is_sent(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    friends = some_friends(dispatcher.database, 4)
    gateway.unknown = {friends[1], friends[3]}
    broadcast_id = a_draft(dispatcher)
    send(dispatcher, broadcast_id)
    run_jobs()
    assert [gateway.sent_to(friend) for friend in friends] == [["こんにちは"], [], ["こんにちは"], []]
    progress = progress_of(dispatcher, broadcast_id)
    assert progress.by_state == {DeliveryState.ACCEPTED: 2, DeliveryState.FAILED: 2}
    assert progress.by_reason == {"unknown_recipient": 2}
    assert progress.state is BroadcastState.DONE


@pytest.mark.parametrize("content", [HELLO, PERSONAL], ids=["multicast", "push"])
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (QuotaExhausted("monthly", status=429), "quota_exhausted"),
        (TokenInvalid("401", status=401), "token_invalid"),
    ],
)
def test_a_fatal_answer_pauses_with_everyone_still_queued_and_resuming_sends_once(
    dispatcher: Dispatcher,
    gateway: FakeGateway,
    run_jobs: Run,
    content: dict[str, Any],
    error: QuotaExhausted | TokenInvalid,
    reason: str,
) -> None:
    friends = some_friends(dispatcher.database, 3)
    gateway.fail("multicast", error) if content is HELLO else gateway.fail("push", error, times=3)
    broadcast_id = a_draft(dispatcher, content)
    send(dispatcher, broadcast_id)
    run_jobs()
    paused = progress_of(dispatcher, broadcast_id)
    assert (paused.state, paused.state_reason) == (BroadcastState.PAUSED, reason)
    assert paused.by_state == {DeliveryState.QUEUED: 3}
    with dispatcher.database.begin() as session:
        broadcasts.resume(session, dispatcher.queue, broadcast_id, dispatcher.clock.now())
    run_jobs()
    assert [len(gateway.sent_to(friend)) for friend in friends] == [1, 1, 1]
    assert progress_of(dispatcher, broadcast_id).state is BroadcastState.DONE


def test_a_body_that_line_refuses_is_failed_and_told(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    some_friends(dispatcher.database, 2)
    gateway.fail("multicast", RefusedByLine("bad", status=400))
    broadcast_id = a_draft(dispatcher)
    send(dispatcher, broadcast_id)
    run_jobs()
    progress = progress_of(dispatcher, broadcast_id)
    assert progress.by_state == {DeliveryState.FAILED: 2}
    assert progress.by_reason == {"refused": 2}


def test_a_chunk_whose_job_was_lost_is_found_by_the_sweep(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, run_jobs: Run, clock: FakeClock
) -> None:
    (friend,) = some_friends(dispatcher.database, 1)
    send(dispatcher, a_draft(dispatcher))
    queue.run(jobs_of(dispatcher) | {Job.SEND_CHUNK: lost})
    clock.advance(timedelta(minutes=2))
    with dispatcher.database.begin() as session:
        assert chunks.sweep(session, queue, clock.now()) == 1
        assert chunks.sweep(session, queue, clock.now()) == 0
    run_jobs()
    assert gateway.sent_to(friend) == ["こんにちは"]


def test_a_crash_between_sending_and_recording_sends_nobody_twice(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, queue: FakeQueue, clock: FakeClock
) -> None:
    friends = some_friends(dispatcher.database, 3)
    broadcast_id = a_draft(dispatcher, PERSONAL)
    send(dispatcher, broadcast_id)

    crashing = CrashingGateway()
    with pytest.raises(Crash):
        queue.run(jobs_of(replace(dispatcher, gateway=crashing)))
    crashing.crashes = False
    queue.run(jobs_of(replace(dispatcher, gateway=crashing)))
    assert [len(crashing.sent_to(friend)) for friend in friends] == [1, 1, 1]
    assert progress_of(dispatcher, broadcast_id).by_state == {DeliveryState.ACCEPTED: 3}


def test_after_a_day_an_unresolved_send_is_uncertain_and_not_repeated(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, queue: FakeQueue, clock: FakeClock
) -> None:
    (friend,) = some_friends(dispatcher.database, 1)
    gateway.lose_answer("push")
    broadcast_id = a_draft(dispatcher, PERSONAL)
    send(dispatcher, broadcast_id)
    queue.run(jobs_of(dispatcher) | {Job.SEND_CHUNK: lost})
    with dispatcher.database.begin() as session:
        chunk_id = session.scalars(select(Chunk.id)).one()
    send_chunk(dispatcher, chunk_id)
    clock.advance(timedelta(hours=24))
    send_chunk(dispatcher, chunk_id)
    assert len(gateway.sent_to(friend)) == 1
    progress = progress_of(dispatcher, broadcast_id)
    assert progress.by_state == {DeliveryState.UNCERTAIN: 1}
    assert progress.by_reason == {"retry_key_expired": 1}
