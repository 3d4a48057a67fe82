"""Stopping in the middle: the kill switch and a pause let nothing more leave, and lose nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from scheduler import broadcast_progress, broadcasts, drafts, kill_switch
from scheduler.delivery import SLICE
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.gateway import Accepted, GatewayError, MessageObject, Push
from scheduler.holding import Watch
from scheduler.models import Broadcast, BroadcastState, Delivery, DeliveryKind, DeliveryState, Purpose
from scheduler.reasons import Reason
from scheduler.tick import tick
from segments.db import Database
from segments.errors import Conflict, Invalid
from segments.models import Friend
from tests.builders import a_friend, a_message, many_friends
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue
from tests.scheduler.conftest import jobs_of

HELLO = {"ja": [{"type": "text", "text": "こんにちは"}]}
PERSONAL = {"ja": [{"type": "text", "text": "{{ name }}様"}]}
FRIENDS = 2 * SLICE + 20
Run = Callable[[], int]


class InterruptedGateway(FakeGateway):
    """Has somebody do something as soon as the first pushes are on their way."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act = act
        self.slices = 0

    def push_many(self, pushes: Sequence[Push]) -> list[Accepted | GatewayError]:
        """Send; after the first slice, act."""
        self.slices += 1
        answers = super().push_many(pushes)
        if self.slices == 1:
            self._act()
        return answers


def _sent(dispatcher: Dispatcher, content: dict[str, Any], friends: int = FRIENDS) -> tuple[int, list[str]]:
    """Return a broadcast whose planning waits on the queue, and its friends."""
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        known = [each.line_user_id or "" for each in many_friends(session, friends)]
        draft = Draft("秋", content, condition={"is": "everyone"})
        broadcast_id = drafts.create(session, draft, now=now, by="test").id
        broadcasts.schedule(session, dispatcher.queue, broadcast_id, None, now)
    return broadcast_id, known


def _stop(dispatcher: Dispatcher) -> None:
    with dispatcher.database.begin() as session:
        kill_switch.stop_everything(session, "operator:1", dispatcher.clock.now(), "文面の誤り")


def _start(dispatcher: Dispatcher) -> None:
    with dispatcher.database.begin() as session:
        kill_switch.start_again(session, dispatcher.queue, "operator:2", dispatcher.clock.now())


def _progress(dispatcher: Dispatcher, broadcast_id: int) -> broadcast_progress.Progress:
    with dispatcher.database.reading() as session:
        return broadcast_progress.progress(session, broadcast_id)


def test_a_stop_in_the_middle_of_a_chunk_lets_nothing_more_leave_and_starting_again_sends_the_rest_once(
    dispatcher: Dispatcher, queue: FakeQueue
) -> None:
    broadcast_id, friends = _sent(dispatcher, PERSONAL)
    line = InterruptedGateway(lambda: _stop(dispatcher))
    sending = replace(dispatcher, gateway=line)
    queue.run(jobs_of(sending))
    assert len(line.calls) == SLICE
    assert _progress(dispatcher, broadcast_id).by_state == {
        DeliveryState.ACCEPTED: SLICE,
        DeliveryState.QUEUED: FRIENDS - SLICE,
    }
    _start(dispatcher)
    queue.run(jobs_of(sending))
    assert {len(line.sent_to(friend)) for friend in friends} == {1}
    assert _progress(dispatcher, broadcast_id).state is BroadcastState.DONE


def test_a_pause_in_the_middle_of_a_chunk_lets_nothing_more_leave_and_resuming_sends_the_rest_once(
    dispatcher: Dispatcher, queue: FakeQueue, clock: FakeClock
) -> None:
    broadcast_id, friends = _sent(dispatcher, PERSONAL)

    def pause() -> None:
        with dispatcher.database.begin() as session:
            broadcasts.pause(session, broadcast_id, clock.now())

    line = InterruptedGateway(pause)
    sending = replace(dispatcher, gateway=line)
    queue.run(jobs_of(sending))
    assert len(line.calls) == SLICE
    with dispatcher.database.begin() as session:
        broadcasts.resume(session, queue, broadcast_id, clock.now())
    queue.run(jobs_of(sending))
    assert {len(line.sent_to(friend)) for friend in friends} == {1}


def test_who_was_put_aside_in_the_moment_of_a_pause_leaves_with_the_others_after_it(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, clock: FakeClock
) -> None:
    broadcast_id, friends = _sent(dispatcher, PERSONAL, friends=2)
    with dispatcher.database.begin() as session:
        broadcasts.pause(session, broadcast_id, clock.now())
        broadcast = session.get_one(Broadcast, broadcast_id)
        known = session.scalars(select(Friend.id)).all()
        for friend_id in known:
            session.add(
                Delivery(
                    friend_id=friend_id,
                    kind=DeliveryKind.BROADCAST,
                    purpose=Purpose.CARE,
                    broadcast_id=broadcast_id,
                    message_version_id=broadcast.message_version_id,
                    created_at=clock.now(),
                    not_before=clock.now() + timedelta(minutes=15),
                    reason=Reason.CAMPAIGN_PAUSED,
                )
            )
    with dispatcher.database.begin() as session:
        broadcasts.resume(session, dispatcher.queue, broadcast_id, clock.now())
    tick(dispatcher)
    run_jobs()
    assert [len(gateway.sent_to(friend)) for friend in friends] == [1, 1]


def test_a_cancel_in_the_middle_of_a_chunk_ends_the_rest_for_good(
    dispatcher: Dispatcher, queue: FakeQueue, clock: FakeClock
) -> None:
    broadcast_id, _ = _sent(dispatcher, PERSONAL)

    def cancel() -> None:
        with dispatcher.database.begin() as session:
            broadcasts.cancel(session, broadcast_id, clock.now())

    line = InterruptedGateway(cancel)
    queue.run(jobs_of(replace(dispatcher, gateway=line)))
    assert len(line.calls) == SLICE
    progress = _progress(dispatcher, broadcast_id)
    assert progress.open == 0
    assert progress.by_state[DeliveryState.ACCEPTED] == SLICE


def test_what_is_due_while_stopped_waits_and_leaves_afterwards(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    now = dispatcher.clock.now()
    _stop(dispatcher)
    _, friends = _sent(dispatcher, HELLO, friends=2)
    with dispatcher.database.begin() as session:
        walker = a_friend(session)
        session.add(
            Delivery(
                friend_id=walker.id,
                kind=DeliveryKind.STEP,
                purpose=Purpose.CARE,
                message_version_id=a_message(session, "次の一歩").id,
                created_at=now,
                not_before=now,
            )
        )
    tick(dispatcher)
    run_jobs()
    assert gateway.calls == []
    _start(dispatcher)
    tick(dispatcher)
    run_jobs()
    assert [gateway.sent_to(friend) for friend in friends] == [["こんにちは"]] * 2
    assert set(gateway.sent_to(walker.line_user_id or "")) == {"こんにちは", "次の一歩"}


def test_a_multicast_that_line_has_is_not_cancelled(dispatcher: Dispatcher, clock: FakeClock) -> None:
    broadcast_id, friends = _sent(dispatcher, HELLO, friends=3)

    class CancelledMeanwhile(FakeGateway):
        """Has the broadcast cancelled while LINE has the multicast."""

        def multicast(
            self, to: Sequence[str], messages: Sequence[MessageObject], retry_key: UUID
        ) -> Accepted:
            """Send; then cancel, before the answer is written down."""
            answer = super().multicast(to, messages, retry_key)
            with dispatcher.database.begin() as session:
                broadcasts.cancel(session, broadcast_id, clock.now())
            return answer

    line = CancelledMeanwhile()
    queue = dispatcher.queue
    assert isinstance(queue, FakeQueue)
    queue.run(jobs_of(replace(dispatcher, gateway=line)))
    assert {len(line.sent_to(friend)) for friend in friends} == {1}
    assert _progress(dispatcher, broadcast_id).by_state == {DeliveryState.ACCEPTED: 3}


def test_who_turned_the_switch_when_and_why_stays_on_record(dispatcher: Dispatcher) -> None:
    _stop(dispatcher)
    with pytest.raises(Conflict, match="stopped_already"):
        _stop(dispatcher)
    _start(dispatcher)
    with pytest.raises(Conflict, match="not_stopped"):
        _start(dispatcher)
    with pytest.raises(Invalid, match="reason_too_long"), dispatcher.database.begin() as session:
        kill_switch.stop_everything(session, "operator:1", A_SATURDAY, "あ" * 201)
    with dispatcher.database.reading() as session:
        found = [(turn.stopped, turn.by, turn.reason) for turn in kill_switch.turns(session)]
    assert found == [(False, "operator:2", ""), (True, "operator:1", "文面の誤り")]


def test_the_watch_asks_the_database_only_now_and_then(database: Database, dispatcher: Dispatcher) -> None:
    moments = [0.0]
    watch = Watch(database, timedelta(seconds=0.4), seconds=lambda: moments[-1])
    assert not watch.stops(None)
    _stop(dispatcher)
    moments.append(0.3)
    assert not watch.stops(None)
    moments.append(0.5)
    assert watch.stops(None)


def test_a_broadcast_that_is_not_under_way_is_stopped_to_the_watch(
    dispatcher: Dispatcher, clock: FakeClock
) -> None:
    broadcast_id, _ = _sent(dispatcher, HELLO, friends=1)
    watch = Watch(dispatcher.database, timedelta())
    assert not watch.stops(broadcast_id)
    with dispatcher.database.begin() as session:
        broadcasts.pause(session, broadcast_id, clock.now())
    assert watch.stops(broadcast_id)
    with dispatcher.database.reading() as session:
        assert session.scalars(select(Delivery.id)).all() == []
