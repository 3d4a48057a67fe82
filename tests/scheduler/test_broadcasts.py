"""A broadcast from draft to its last friend, on both databases, with a LINE platform in memory."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from scheduler import broadcast_progress, broadcasts, chunks, drafts
from scheduler.delivery import Dispatcher, send_chunk
from scheduler.drafts import Draft
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
from scheduler.models import Attempt, BroadcastState, Chunk, Delivery, DeliveryState
from segments import audience
from segments.db import Database
from segments.errors import Conflict, Invalid
from segments.models import Facts, Friend
from tests.builders import a_friend, days_ago
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue
from tests.scheduler.conftest import jobs_of

EVERYONE = {"is": "everyone"}
HELLO = {"ja": [{"type": "text", "text": "こんにちは"}], "en": [{"type": "text", "text": "Hello"}]}
PERSONAL = {"ja": [{"type": "text", "text": "{{ name }}様"}]}
Run = Callable[[], int]


class Crash(Exception):
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


class WatchingGateway(FakeGateway):
    """Counts the deliveries that stand as `sending` in the database when pushes arrive."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.rows_seen: list[int] = []
        self._database = database

    def push_many(self, pushes: Sequence[Push]) -> list[Accepted | GatewayError]:
        """Count, then send."""
        sending = select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.SENDING)
        with self._database.reading() as session:
            self.rows_seen.append(session.scalar(sending) or 0)
        return super().push_many(pushes)


def _friends(database: Database, count: int, **values: Any) -> list[str]:
    with database.begin() as session:
        return [a_friend(session, **values).line_user_id or "" for _ in range(count)]


def _draft(dispatcher: Dispatcher, content: dict[str, Any] | None = None, **values: Any) -> int:
    with dispatcher.database.begin() as session:
        made: dict[str, Any] = {
            "name": "秋のお知らせ",
            "content": HELLO if content is None else content,
            "condition": EVERYONE,
        }
        draft = Draft(**(made | values))
        return drafts.create(session, draft, now=dispatcher.clock.now(), by="test").id


def _send(dispatcher: Dispatcher, broadcast_id: int) -> None:
    with dispatcher.database.begin() as session:
        broadcasts.schedule(session, dispatcher.queue, broadcast_id, None, dispatcher.clock.now())


def _lost(_chunk_id: int) -> None:
    """A job that the engine forgot."""


def _progress(dispatcher: Dispatcher, broadcast_id: int) -> broadcast_progress.Progress:
    with dispatcher.database.begin() as session:
        return broadcast_progress.progress(session, broadcast_id)


def test_everyone_gets_an_identical_message_by_multicast_in_their_language(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    japanese = _friends(dispatcher.database, 3)
    english = _friends(dispatcher.database, 2, language="en")
    broadcast_id = _draft(dispatcher)
    _send(dispatcher, broadcast_id)
    run_jobs()
    assert [gateway.sent_to(friend) for friend in japanese] == [["こんにちは"]] * 3
    assert [gateway.sent_to(friend) for friend in english] == [["Hello"]] * 2
    assert [name for name, _ in gateway.calls] == ["multicast", "multicast"]
    progress = _progress(dispatcher, broadcast_id)
    assert progress.state is BroadcastState.DONE
    assert progress.by_state == {DeliveryState.ACCEPTED: 5}
    assert (progress.total, progress.open) == (5, 0)


def test_a_personal_message_is_pushed_to_each_with_their_name(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    (tanaka,) = _friends(dispatcher.database, 1, display_name="田中")
    (sato,) = _friends(dispatcher.database, 1, display_name="{{ 7*7 }}")
    _send(dispatcher, _draft(dispatcher, PERSONAL))
    run_jobs()
    assert gateway.sent_to(tanaka) == ["田中様"]
    assert gateway.sent_to(sato) == ["{{ 7*7 }}様"]


def test_who_may_not_be_sent_to_is_skipped_with_the_reason(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    (reachable,) = _friends(dispatcher.database, 1)
    _friends(dispatcher.database, 2, blocked_at=days_ago(1))
    _friends(dispatcher.database, 1, opted_out_at=days_ago(1))
    _friends(dispatcher.database, 1, facts={"suppressed_at": days_ago(1)})
    broadcast_id = _draft(dispatcher)
    _send(dispatcher, broadcast_id)
    run_jobs()
    progress = _progress(dispatcher, broadcast_id)
    assert progress.by_state == {DeliveryState.ACCEPTED: 1, DeliveryState.SKIPPED: 4}
    assert progress.by_reason == {"blocked": 2, "opted_out": 1, "suppressed": 1}
    assert gateway.sent_to(reachable) == ["こんにちは"]


def test_more_than_five_hundred_friends_go_in_several_chunks(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    _friends(dispatcher.database, 1100)
    broadcast_id = _draft(dispatcher)
    _send(dispatcher, broadcast_id)
    run_jobs()
    assert sorted(len(given["to"]) for _, given in gateway.calls) == [100, 500, 500]
    assert _progress(dispatcher, broadcast_id).by_state == {DeliveryState.ACCEPTED: 1100}


@pytest.mark.parametrize("content", [HELLO, PERSONAL], ids=["multicast", "push"])
def test_a_lost_answer_is_resolved_by_the_retry_key_and_sent_once(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, content: dict[str, Any]
) -> None:
    friends = _friends(dispatcher.database, 3)
    gateway.lose_answer("multicast" if content is HELLO else "push", times=2)
    broadcast_id = _draft(dispatcher, content)
    _send(dispatcher, broadcast_id)
    run_jobs()
    assert [len(gateway.sent_to(friend)) for friend in friends] == [1, 1, 1]
    assert _progress(dispatcher, broadcast_id).by_state == {DeliveryState.ACCEPTED: 3}
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
    (friend,) = _friends(dispatcher.database, 1)
    gateway.fail("multicast" if content is HELLO else "push", error, times=3)
    _send(dispatcher, _draft(dispatcher, content))
    run_jobs()
    assert len(gateway.sent_to(friend)) == 1
    keys = {given["key"] for _, given in gateway.calls}
    assert len(gateway.calls) == 4
    assert len(keys) == 1


def test_a_recipient_that_line_does_not_know_is_dropped_and_the_rest_is_sent(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    friends = _friends(dispatcher.database, 4)
    gateway.unknown = {friends[1], friends[3]}
    broadcast_id = _draft(dispatcher)
    _send(dispatcher, broadcast_id)
    run_jobs()
    assert [gateway.sent_to(friend) for friend in friends] == [["こんにちは"], [], ["こんにちは"], []]
    progress = _progress(dispatcher, broadcast_id)
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
    friends = _friends(dispatcher.database, 3)
    gateway.fail("multicast", error) if content is HELLO else gateway.fail("push", error, times=3)
    broadcast_id = _draft(dispatcher, content)
    _send(dispatcher, broadcast_id)
    run_jobs()
    paused = _progress(dispatcher, broadcast_id)
    assert (paused.state, paused.state_reason) == (BroadcastState.PAUSED, reason)
    assert paused.by_state == {DeliveryState.QUEUED: 3}
    with dispatcher.database.begin() as session:
        broadcasts.resume(session, dispatcher.queue, broadcast_id, dispatcher.clock.now())
    run_jobs()
    assert [len(gateway.sent_to(friend)) for friend in friends] == [1, 1, 1]
    assert _progress(dispatcher, broadcast_id).state is BroadcastState.DONE


def test_a_body_that_line_refuses_is_failed_and_told(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    _friends(dispatcher.database, 2)
    gateway.fail("multicast", RefusedByLine("bad", status=400))
    broadcast_id = _draft(dispatcher)
    _send(dispatcher, broadcast_id)
    run_jobs()
    progress = _progress(dispatcher, broadcast_id)
    assert progress.by_state == {DeliveryState.FAILED: 2}
    assert progress.by_reason == {"refused": 2}


def test_pausing_lets_nothing_leave_and_resuming_repeats_nobody(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, clock: FakeClock
) -> None:
    friends = _friends(dispatcher.database, 3)
    broadcast_id = _draft(dispatcher)
    _send(dispatcher, broadcast_id)
    with dispatcher.database.begin() as session:
        broadcasts.pause(session, broadcast_id, clock.now())
    run_jobs()
    assert gateway.calls == []
    with dispatcher.database.begin() as session:
        broadcasts.resume(session, dispatcher.queue, broadcast_id, clock.now())
    run_jobs()
    assert [len(gateway.sent_to(friend)) for friend in friends] == [1, 1, 1]


def test_cancelling_ends_it_for_good(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, clock: FakeClock
) -> None:
    _friends(dispatcher.database, 3)
    broadcast_id = _draft(dispatcher)
    _send(dispatcher, broadcast_id)
    with dispatcher.database.begin() as session:
        broadcasts.cancel(session, broadcast_id, clock.now())
    run_jobs()
    assert gateway.calls == []
    with pytest.raises(Conflict, match="broadcast_state"), dispatcher.database.begin() as session:
        broadcasts.resume(session, dispatcher.queue, broadcast_id, clock.now())


def test_a_scheduled_broadcast_starts_at_its_time_and_not_before(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, run_jobs: Run, clock: FakeClock
) -> None:
    (friend,) = _friends(dispatcher.database, 1)
    broadcast_id = _draft(dispatcher)
    at = clock.now() + timedelta(hours=2)
    with dispatcher.database.begin() as session:
        broadcasts.schedule(session, queue, broadcast_id, at, clock.now())
        assert broadcasts.start_due(session, queue, clock.now()) == 0
    clock.set(at)
    with dispatcher.database.begin() as session:
        assert broadcasts.start_due(session, queue, clock.now()) == 1
        assert broadcasts.start_due(session, queue, clock.now()) == 0
    run_jobs()
    assert gateway.sent_to(friend) == ["こんにちは"]


def test_a_list_of_friends_is_an_audience_too(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, clock: FakeClock
) -> None:
    chosen, other = _friends(dispatcher.database, 2)
    with dispatcher.database.begin() as session:
        friend_id = session.scalars(select(Friend.id).where(Friend.line_user_id == chosen)).one()
        frozen = audience.freeze_list(session, [friend_id], "list.csv", clock.now())
    _send(dispatcher, _draft(dispatcher, condition=None, audience_id=frozen.id))
    run_jobs()
    assert (gateway.sent_to(chosen), gateway.sent_to(other)) == (["こんにちは"], [])


def test_quiet_hours_hold_a_broadcast_until_morning(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, clock: FakeClock
) -> None:
    _friends(dispatcher.database, 2)
    clock.advance(timedelta(hours=8))  # 22:30 in Tokyo
    broadcast_id = _draft(dispatcher)
    _send(dispatcher, broadcast_id)
    run_jobs()
    progress = _progress(dispatcher, broadcast_id)
    assert (gateway.calls, progress.by_reason) == ([], {"quiet_hours": 2})
    assert progress.state is BroadcastState.SENDING


def test_a_test_send_goes_to_one_friend_and_counts_nothing(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, clock: FakeClock
) -> None:
    me, other = _friends(dispatcher.database, 2)
    broadcast_id = _draft(dispatcher)
    with dispatcher.database.begin() as session:
        friend_id = session.scalars(select(Friend.id).where(Friend.line_user_id == me)).one()
        broadcasts.send_test(session, dispatcher.queue, broadcast_id, friend_id, clock.now())
    run_jobs()
    assert (gateway.sent_to(me), gateway.sent_to(other)) == (["こんにちは"], [])
    assert _progress(dispatcher, broadcast_id).by_state == {}
    with dispatcher.database.reading() as session:
        assert session.get_one(Facts, friend_id).last_contacted_at is None, (
            "who is tested on stays in the audience"
        )


def test_a_chunk_whose_job_was_lost_is_found_by_the_sweep(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, run_jobs: Run, clock: FakeClock
) -> None:
    (friend,) = _friends(dispatcher.database, 1)
    _send(dispatcher, _draft(dispatcher))
    queue.run(jobs_of(dispatcher) | {Job.SEND_CHUNK: _lost})
    clock.advance(timedelta(minutes=2))
    with dispatcher.database.begin() as session:
        assert chunks.sweep(session, queue, clock.now()) == 1
        assert chunks.sweep(session, queue, clock.now()) == 0
    run_jobs()
    assert gateway.sent_to(friend) == ["こんにちは"]


def test_a_crash_between_sending_and_recording_sends_nobody_twice(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, queue: FakeQueue, clock: FakeClock
) -> None:
    friends = _friends(dispatcher.database, 3)
    broadcast_id = _draft(dispatcher, PERSONAL)
    _send(dispatcher, broadcast_id)

    crashing = CrashingGateway()
    with pytest.raises(Crash):
        queue.run(jobs_of(replace(dispatcher, gateway=crashing)))
    crashing.crashes = False
    queue.run(jobs_of(replace(dispatcher, gateway=crashing)))
    assert [len(crashing.sent_to(friend)) for friend in friends] == [1, 1, 1]
    assert _progress(dispatcher, broadcast_id).by_state == {DeliveryState.ACCEPTED: 3}


def test_after_a_day_an_unresolved_send_is_uncertain_and_not_repeated(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, queue: FakeQueue, clock: FakeClock
) -> None:
    (friend,) = _friends(dispatcher.database, 1)
    gateway.lose_answer("push")
    broadcast_id = _draft(dispatcher, PERSONAL)
    _send(dispatcher, broadcast_id)
    queue.run(jobs_of(dispatcher) | {Job.SEND_CHUNK: _lost})
    with dispatcher.database.begin() as session:
        chunk_id = session.scalars(select(Chunk.id)).one()
    send_chunk(dispatcher, chunk_id)
    clock.advance(timedelta(hours=24))
    send_chunk(dispatcher, chunk_id)
    assert len(gateway.sent_to(friend)) == 1
    progress = _progress(dispatcher, broadcast_id)
    assert progress.by_state == {DeliveryState.UNCERTAIN: 1}
    assert progress.by_reason == {"retry_key_expired": 1}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"name": "  "}, "name_missing"),
        ({"name": "長" * 129}, "name_too_long"),
        ({"condition": None}, "audience_missing"),
        ({"content": {"ja": [{"type": "text", "text": "{{ name"}]}}, "message_invalid"),
        ({"content": {}}, "message_missing"),
    ],
)
def test_a_draft_that_cannot_be_sent_is_refused(
    dispatcher: Dispatcher, wrong: dict[str, Any], code: str
) -> None:
    with pytest.raises(Invalid, match=code):
        _draft(dispatcher, **wrong)


def test_a_time_that_has_passed_is_refused(dispatcher: Dispatcher, clock: FakeClock) -> None:
    broadcast_id = _draft(dispatcher)
    with pytest.raises(Invalid, match="time_passed"), dispatcher.database.begin() as session:
        broadcasts.schedule(
            session, dispatcher.queue, broadcast_id, clock.now() - timedelta(hours=1), clock.now()
        )


def test_every_delivery_row_stands_before_its_message_leaves(
    dispatcher: Dispatcher, queue: FakeQueue
) -> None:
    _friends(dispatcher.database, 2)
    watching = WatchingGateway(dispatcher.database)
    _send(dispatcher, _draft(dispatcher, PERSONAL))
    queue.run(jobs_of(replace(dispatcher, gateway=watching)))
    assert watching.rows_seen == [2]
