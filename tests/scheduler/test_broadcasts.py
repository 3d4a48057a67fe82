"""A broadcast from draft to its last friend, on both databases, with a LINE platform in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from scheduler import broadcasts
from scheduler.dispatcher import Dispatcher
from scheduler.gateway import Accepted, GatewayError, Push
from scheduler.models import BroadcastState, Delivery, DeliveryState
from segments import audience
from segments.db import Database
from segments.errors import Conflict, Invalid
from segments.models import Facts, Friend
from tests.builders import days_ago
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue
from tests.scheduler.broadcast_drafts import PERSONAL, Run, a_draft, progress_of, send, some_friends
from tests.scheduler.conftest import jobs_of


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


def test_everyone_gets_an_identical_message_by_multicast_in_their_language(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    japanese = some_friends(dispatcher.database, 3)
    english = some_friends(dispatcher.database, 2, language="en")
    broadcast_id = a_draft(dispatcher)
    send(dispatcher, broadcast_id)
    run_jobs()
    assert [gateway.sent_to(friend) for friend in japanese] == [["こんにちは"]] * 3
    assert [gateway.sent_to(friend) for friend in english] == [["Hello"]] * 2
    assert [name for name, _ in gateway.calls] == ["multicast", "multicast"]
    progress = progress_of(dispatcher, broadcast_id)
    assert progress.state is BroadcastState.DONE
    assert progress.by_state == {DeliveryState.ACCEPTED: 5}
    assert (progress.total, progress.open) == (5, 0)


def test_a_personal_message_is_pushed_to_each_with_their_name(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    (tanaka,) = some_friends(dispatcher.database, 1, display_name="田中")
    (sato,) = some_friends(dispatcher.database, 1, display_name="{{ 7*7 }}")
    send(dispatcher, a_draft(dispatcher, PERSONAL))
    run_jobs()
    assert gateway.sent_to(tanaka) == ["田中様"]
    assert gateway.sent_to(sato) == ["{{ 7*7 }}様"]


def test_who_may_not_be_sent_to_is_skipped_with_the_reason(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    (reachable,) = some_friends(dispatcher.database, 1)
    some_friends(dispatcher.database, 2, blocked_at=days_ago(1))
    some_friends(dispatcher.database, 1, opted_out_at=days_ago(1))
    some_friends(dispatcher.database, 1, facts={"suppressed_at": days_ago(1)})
    broadcast_id = a_draft(dispatcher)
    send(dispatcher, broadcast_id)
    run_jobs()
    progress = progress_of(dispatcher, broadcast_id)
    assert progress.by_state == {DeliveryState.ACCEPTED: 1, DeliveryState.SKIPPED: 4}
    assert progress.by_reason == {"blocked": 2, "opted_out": 1, "suppressed": 1}
    assert gateway.sent_to(reachable) == ["こんにちは"]


def test_more_than_five_hundred_friends_go_in_several_chunks(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    some_friends(dispatcher.database, 1100)
    broadcast_id = a_draft(dispatcher)
    send(dispatcher, broadcast_id)
    run_jobs()
    assert sorted(len(given["to"]) for _, given in gateway.calls) == [100, 500, 500]
    assert progress_of(dispatcher, broadcast_id).by_state == {DeliveryState.ACCEPTED: 1100}


def test_pausing_lets_nothing_leave_and_resuming_repeats_nobody(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, clock: FakeClock
) -> None:
    friends = some_friends(dispatcher.database, 3)
    broadcast_id = a_draft(dispatcher)
    send(dispatcher, broadcast_id)
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
    some_friends(dispatcher.database, 3)
    broadcast_id = a_draft(dispatcher)
    send(dispatcher, broadcast_id)
    with dispatcher.database.begin() as session:
        broadcasts.cancel(session, broadcast_id, clock.now())
    run_jobs()
    assert gateway.calls == []
    with pytest.raises(Conflict, match="broadcast_state"), dispatcher.database.begin() as session:
        broadcasts.resume(session, dispatcher.queue, broadcast_id, clock.now())


def test_a_scheduled_broadcast_starts_at_its_time_and_not_before(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, run_jobs: Run, clock: FakeClock
) -> None:
    (friend,) = some_friends(dispatcher.database, 1)
    broadcast_id = a_draft(dispatcher)
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
    chosen, other = some_friends(dispatcher.database, 2)
    with dispatcher.database.begin() as session:
        friend_id = session.scalars(select(Friend.id).where(Friend.line_user_id == chosen)).one()
        frozen = audience.freeze_list(session, [friend_id], "list.csv", clock.now())
    send(dispatcher, a_draft(dispatcher, condition=None, audience_id=frozen.id))
    run_jobs()
    assert (gateway.sent_to(chosen), gateway.sent_to(other)) == (["こんにちは"], [])


def test_quiet_hours_hold_a_broadcast_until_morning(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, clock: FakeClock
) -> None:
    some_friends(dispatcher.database, 2)
    clock.advance(timedelta(hours=8))  # 22:30 in Tokyo
    broadcast_id = a_draft(dispatcher)
    send(dispatcher, broadcast_id)
    run_jobs()
    progress = progress_of(dispatcher, broadcast_id)
    assert (gateway.calls, progress.by_reason) == ([], {"quiet_hours": 2})
    assert progress.state is BroadcastState.SENDING


def test_a_test_send_goes_to_one_friend_and_counts_nothing(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, clock: FakeClock
) -> None:
    me, other = some_friends(dispatcher.database, 2)
    broadcast_id = a_draft(dispatcher)
    with dispatcher.database.begin() as session:
        friend_id = session.scalars(select(Friend.id).where(Friend.line_user_id == me)).one()
        broadcasts.send_test(session, dispatcher.queue, broadcast_id, friend_id, clock.now())
    run_jobs()
    assert (gateway.sent_to(me), gateway.sent_to(other)) == (["こんにちは"], [])
    assert progress_of(dispatcher, broadcast_id).by_state == {}
    with dispatcher.database.reading() as session:
        assert session.get_one(Facts, friend_id).last_contacted_at is None, (
            "who is tested on stays in the audience"
        )


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
        a_draft(dispatcher, **wrong)


def test_a_time_that_has_passed_is_refused(dispatcher: Dispatcher, clock: FakeClock) -> None:
    broadcast_id = a_draft(dispatcher)
    with pytest.raises(Invalid, match="time_passed"), dispatcher.database.begin() as session:
        broadcasts.schedule(
            session, dispatcher.queue, broadcast_id, clock.now() - timedelta(hours=1), clock.now()
        )


def test_every_delivery_row_stands_before_its_message_leaves(
    dispatcher: Dispatcher, queue: FakeQueue
) -> None:
    some_friends(dispatcher.database, 2)
    watching = WatchingGateway(dispatcher.database)
    send(dispatcher, a_draft(dispatcher, PERSONAL))
    queue.run(jobs_of(replace(dispatcher, gateway=watching)))
    assert watching.rows_seen == [2]
