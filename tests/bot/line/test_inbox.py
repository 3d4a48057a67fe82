"""The inbox: in order, exactly once, one process a friend, and no failure stops the others."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations
from threading import current_thread
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import event as database_event
from sqlalchemy import select, update

from bot.line import handlers, lanes
from bot.line.handlers import Handler, texts
from bot.line.ports import Answer
from bot.line.turn import Turn
from bot.models import InboundEvent, InboundState
from scheduler.gateway import Accepted, GatewayError
from scheduler.models import Delivery, DeliveryState
from segments.db import Database
from segments.models import ChatMessage, CustomerEvent, Direction, EventKind, Friend
from tests.bot.line.support import Chat, a_line_id, a_postback, a_text, an_event
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway
from tests.waiting import wait_until


@pytest.fixture
def chat(database: Database, clock: FakeClock) -> Chat:
    """Return a chat."""
    return Chat(database, clock)


class Trouble:
    """Handles the text 営業時間 by failing, as often as told; everything else as it is handled."""

    def __init__(self) -> None:
        self.times = 0

    def handler_of(self, event: InboundEvent) -> Handler | None:
        """Find what handles an event."""
        asked = event.raw.get("message", {}).get("text") in {"営業時間", "hours"}
        return self._hours if asked else handlers.of(event)

    def _hours(self, turn: Turn) -> None:
        texts.text(turn)
        if self.times > 0:
            self.times -= 1
            message = f"cannot handle {turn.event.raw}"
            raise ValueError(message)


class LookingGateway(FakeGateway):
    """Looks at the deliveries when replies arrive."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.seen: list[DeliveryState] = []
        self._database = database

    def reply_many(self, answers: Sequence[Answer]) -> list[Accepted | GatewayError]:
        """Look, then reply."""
        with self._database.reading() as session:
            self.seen.extend(session.scalars(select(Delivery.state)))
        return super().reply_many(answers)


class CrashingGateway(FakeGateway):
    """Ends the process before a reply leaves."""

    def reply_many(self, answers: Sequence[Answer]) -> list[Accepted | GatewayError]:
        """Die."""
        raise KeyboardInterrupt


class ClockThatFailsOnce(FakeClock):
    """Breaks one batch of the inbox's thread."""

    has_failed = False

    def now(self) -> datetime:
        """Return the moment, or fail."""
        if current_thread().name == "kokyaku-inbox" and not self.has_failed:
            self.has_failed = True
            raise RuntimeError
        return super().now()


@pytest.fixture
def trouble() -> Trouble:
    """Return a switch that breaks one handler."""
    return Trouble()


@pytest.fixture
def troubled(database: Database, clock: FakeClock, trouble: Trouble) -> Chat:
    """Return a chat in which that handler breaks."""
    return Chat(database, clock, handler_of=trouble.handler_of)


def heard(chat: Chat) -> list[str]:
    return [row.text for row in chat.rows(ChatMessage) if row.direction is Direction.IN]


def states(chat: Chat) -> list[InboundState]:
    return [row.state for row in chat.rows(InboundEvent)]


def test_events_of_a_friend_are_handled_in_the_order_they_happened(chat: Chat):
    friend = a_line_id()
    later = a_text(friend, "二", A_SATURDAY + timedelta(seconds=2))
    earlier = a_text(friend, "一", A_SATURDAY + timedelta(seconds=1))
    chat.receive(later, earlier)
    assert heard(chat) == ["一", "二"]


def test_an_event_is_handled_once_however_often_it_comes(chat: Chat):
    friend = a_line_id()
    event = a_text(friend, "クーポン")
    for _ in range(3):
        chat.receive(event, event | {"deliveryContext": {"isRedelivery": True}})
    assert heard(chat) == ["クーポン"]
    assert len(chat.gateway.sent_to(friend)) == 1


def test_a_failing_handler_leaves_nothing_behind_and_is_tried_again(troubled: Chat, trouble: Trouble):
    friend = a_line_id()
    trouble.times = 1
    troubled.receive(a_text(friend, "営業時間"))
    (event,) = troubled.rows(InboundEvent)
    assert (event.state, event.attempts) == (InboundState.PENDING, 1)
    assert event.next_attempt_at == troubled.clock.now() + timedelta(seconds=1)
    assert heard(troubled) == []
    assert troubled.rows(Delivery) == []
    assert troubled.rows(CustomerEvent) == []
    troubled.clock.advance(timedelta(seconds=1))
    troubled.work()
    assert states(troubled) == [InboundState.DONE]
    assert heard(troubled) == ["営業時間"]


def test_an_event_that_always_fails_is_parked_without_what_was_written(troubled: Chat, trouble: Trouble):
    friend = a_line_id()
    trouble.times = 100
    troubled.receive(a_text(friend, "営業時間"))
    for wait in lanes.WAITS:
        assert troubled.rows(InboundEvent)[0].state is InboundState.PENDING
        troubled.clock.advance(wait - timedelta(milliseconds=1))
        assert troubled.work() == 0
        troubled.clock.advance(timedelta(milliseconds=1))
        troubled.work()
    (event,) = troubled.rows(InboundEvent)
    assert event.state is InboundState.PARKED
    assert event.error is not None
    assert event.error.startswith("ValueError at test_inbox.py:")
    assert "営業時間" not in event.error


def test_later_events_wait_behind_one_that_is_tried_again_but_not_behind_a_parked_one(
    troubled: Chat, trouble: Trouble
):
    friend, other = a_line_id(), a_line_id()
    trouble.times = len(lanes.WAITS) + 1
    first = a_text(friend, "営業時間", troubled.clock.now())
    second = a_text(friend, "あとの話", troubled.clock.now() + timedelta(seconds=1))
    troubled.receive(first, second, a_text(other, "別の人"))
    assert heard(troubled) == ["別の人"]
    for wait in lanes.WAITS:
        assert "あとの話" not in heard(troubled)
        troubled.clock.advance(wait)
        troubled.work()
    assert heard(troubled) == ["別の人", "あとの話"]
    assert sorted(states(troubled)) == sorted([InboundState.PARKED, InboundState.DONE, InboundState.DONE])


def test_the_reply_is_written_before_it_leaves(database: Database, clock: FakeClock):
    gateway = LookingGateway(database)
    chat = Chat(database, clock, gateway)
    chat.write(a_line_id(), "クーポン")
    assert gateway.seen == [DeliveryState.SENDING]
    assert [row.state for row in chat.rows(Delivery)] == [DeliveryState.ACCEPTED]


def test_a_crash_between_writing_and_sending_sends_nothing_again(database: Database, clock: FakeClock):
    friend = a_line_id()
    dying = Chat(database, clock, CrashingGateway())
    with pytest.raises(KeyboardInterrupt):
        dying.receive(a_text(friend, "クーポン"))
    heir = Chat(database, clock)
    heir.work()
    assert heir.gateway.sent_to(friend) == []
    assert states(heir) == [InboundState.DONE]
    assert [row.state for row in heir.rows(Delivery)] == [DeliveryState.SENDING]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_two_processes_never_work_on_one_friend_at_once(chat: Chat, database: Database):
    friend, other = a_line_id(), a_line_id()
    chat.store(a_text(friend, "一"), a_text(other, "二"))
    with database.begin() as session:
        assert lanes.lock(session, [friend]) == [friend]
        assert chat.work() == 1
        assert heard(chat) == ["二"]
    chat.work()
    assert heard(chat) == ["二", "一"]


def test_the_thread_works_when_woken_and_ends_when_told(chat: Chat):
    friend = a_line_id()
    chat.inbox.start()
    chat.store(a_text(friend, "クーポン"))
    chat.inbox.wake()
    wait_until(lambda: chat.gateway.sent_to(friend))
    chat.inbox.stop()
    assert len(chat.gateway.sent_to(friend)) == 1


def test_the_thread_outlives_a_batch_that_broke(database: Database):
    friend, clock = a_line_id(), ClockThatFailsOnce()
    chat = Chat(database, clock)
    chat.store(a_text(friend, "クーポン"))
    chat.inbox.start()
    wait_until(lambda: chat.gateway.sent_to(friend))
    chat.inbox.stop()
    assert len(chat.gateway.sent_to(friend)) == 1


def test_many_friends_are_handled_in_batches(chat: Chat):
    people = [a_line_id() for _ in range(120)]
    chat.receive(*[a_text(friend, "クーポン") for friend in people])
    assert states(chat) == [InboundState.DONE] * 120
    assert all(len(chat.gateway.sent_to(friend)) == 1 for friend in people)


def a_life(friend: str) -> list[dict[str, Any]]:
    """Return events of one friend, a second apart, whose order matters."""
    moments = [A_SATURDAY - timedelta(minutes=1) + timedelta(seconds=number) for number in range(6)]
    return [
        an_event("follow", friend, moments[0]),
        a_text(friend, "ルート:shop1", moments[1]),
        a_text(friend, "配信停止", moments[2]),
        a_postback(friend, "action=start", moments[3]),
        an_event("unfollow", friend, moments[4]),
        an_event("follow", friend, moments[5], follow={"isUnblocked": True}),
    ]


def state_of(friend: Friend) -> tuple[Any, ...]:
    return (
        friend.followed_at is not None, friend.blocked_at, friend.follow_state_at, friend.opted_out_at, friend.route,
        friend.last_wrote_at,
    )  # fmt: skip


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=8,
    deadline=None,
    phases=[Phase.generate],
)
@given(data=st.data())
def test_any_order_and_any_duplication_end_in_the_same_state(chat: Chat, data: st.DataObject):
    expected, friend = a_line_id(), a_line_id()
    chat.receive(*a_life(expected))
    life = a_life(friend)
    arrivals = data.draw(st.permutations([*life, *data.draw(st.lists(st.sampled_from(life), max_size=3))]))
    for batch in cut(arrivals, data.draw(st.integers(1, 4))):
        chat.receive(*batch)
    assert state_of(chat.friend(friend)) == state_of(chat.friend(expected))


def cut(events: Sequence[dict[str, Any]], size: int) -> list[Sequence[dict[str, Any]]]:
    return [events[start : start + size] for start in range(0, len(events), size)]


def test_stop_and_start_count_by_when_they_were_said(chat: Chat):
    for order in permutations(range(2)):
        friend = a_line_id()
        said = [
            a_text(friend, "配信停止", A_SATURDAY),
            a_text(friend, "配信再開", A_SATURDAY + timedelta(seconds=1)),
        ]
        for number in order:
            chat.receive(said[number])
        assert chat.friend(friend).opted_out_at is None


def test_an_inbox_with_nothing_to_do_yet_takes_no_turn_to_write(troubled: Chat, trouble: Trouble):
    chat, trouble.times = troubled, 1
    chat.store(a_text(a_line_id(), "営業時間"))
    chat.work()
    asked = list[str]()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    database_event.listen(chat.database.engine, "before_cursor_execute", note)
    try:
        assert chat.inbox.run_once() == 0
    finally:
        database_event.remove(chat.database.engine, "before_cursor_execute", note)
    assert {each.split()[0] for each in asked} <= {"SELECT", "BEGIN"}
    assert "BEGIN IMMEDIATE" not in asked


def test_every_kind_line_documents_has_an_answer_to_who_handles_it():
    handled = {"follow", "unfollow", "postback", "unsend", "accountLink"}
    assert set(handlers.BY_KIND) == handled


def test_an_event_stored_by_an_older_program_without_a_friend_is_ignored(chat: Chat):
    chat.store(an_event("follow", a_line_id()))
    with chat.database.begin() as session:
        session.execute(update(InboundEvent).values(line_user_id=None))
    chat.work()
    assert states(chat) == [InboundState.IGNORED]
    assert EventKind.FOLLOWED not in [row.kind for row in chat.rows(CustomerEvent)]
