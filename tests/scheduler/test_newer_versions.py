"""A worker beside newer ones: what it cannot read it leaves to them, says so, and goes on with the rest."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from structlog.testing import capture_logs

from scheduler import broadcasts, collecting, drafts, enrolments, scenarios, triggers
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.models import (
    CONTENT_FORMAT,
    Chunk,
    ChunkState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Enrolment,
    MessageVersion,
    Purpose,
)
from scheduler.plan import plan_broadcast
from scheduler.tick import tick
from segments import events
from segments.db import Database
from segments.models import CustomerEvent, EventKind
from tests.builders import a_friend, a_message, a_scenario
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue

PERSONAL = {"ja": [{"type": "text", "text": "{{ name }}様"}]}
HELLO = {"ja": [{"type": "text", "text": "こんにちは"}]}
Run = Callable[[], int]


def started(dispatcher: Dispatcher, content: dict[str, list[dict[str, str]]]) -> str:
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        friend = a_friend(session).line_user_id or ""
        draft = Draft("秋", content, condition={"is": "everyone"})
        made = drafts.create(session, draft, now=now, by="test")
        broadcasts.schedule(session, dispatcher.queue, made.id, None, now)
    return friend


def make_newer(dispatcher: Dispatcher, *, newer: bool = True) -> None:
    with dispatcher.database.begin() as session:
        session.execute(update(MessageVersion).values(format=CONTENT_FORMAT + newer))


@pytest.mark.parametrize("content", [HELLO, PERSONAL])
def test_a_message_of_a_newer_form_waits_for_a_worker_that_can_say_it(
    dispatcher: Dispatcher,
    gateway: FakeGateway,
    run_jobs: Run,
    clock: FakeClock,
    content: dict[str, list[dict[str, str]]],
) -> None:
    friend = started(dispatcher, content)
    make_newer(dispatcher)
    with capture_logs() as told:
        run_jobs()
    assert [each["event"] for each in told if "newer" in each["event"]] == ["chunk_of_a_newer_version"]
    assert gateway.calls == []
    with dispatcher.database.reading() as session:
        chunk = session.scalars(select(Chunk)).one()
        assert (chunk.state, chunk.failures) == (ChunkState.QUEUED, 0)
        assert session.scalars(select(Delivery.state)).all() == [DeliveryState.QUEUED]
    make_newer(dispatcher, newer=False)  # A newer worker takes it up from the sweep.
    clock.advance(timedelta(minutes=2))
    assert tick(dispatcher)["swept"] == 1
    run_jobs()
    assert len(gateway.sent_to(friend)) == 1


def test_a_step_s_message_of_a_newer_form_waits_as_well(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, clock: FakeClock
) -> None:
    with dispatcher.database.begin() as session:
        session.add(
            Delivery(
                friend_id=a_friend(session).id, kind=DeliveryKind.STEP, purpose=Purpose.CARE,
                message_version_id=a_message(session).id, created_at=clock.now(), not_before=clock.now(),
            )
        )  # fmt: skip
        session.flush()
        collecting.collect_due(session, dispatcher.queue, clock.now())
    make_newer(dispatcher)
    run_jobs()
    assert gateway.calls == []
    with dispatcher.database.reading() as session:
        assert session.scalars(select(Delivery.state)).all() == [DeliveryState.QUEUED]


@pytest.mark.parametrize(("column", "old"), [("mode", "multicast"), ("state", "queued")])
def test_a_chunk_in_words_of_a_newer_version_is_left_to_it(
    dispatcher: Dispatcher,
    gateway: FakeGateway,
    queue: FakeQueue,
    run_jobs: Run,
    clock: FakeClock,
    column: str,
    old: str,
) -> None:
    friend = started(dispatcher, HELLO)
    ((plan, (_job, args, _delay)),) = queue.waiting.items()
    del queue.waiting[plan]
    plan_broadcast(dispatcher.database, queue, clock, int(args[0] or 0))
    with dispatcher.database.begin() as session:
        session.execute(text(f"UPDATE chunks SET {column} = 'pigeon'"))  # noqa: S608
    with capture_logs() as told:
        run_jobs()
    assert gateway.calls == []
    (newer,) = [each for each in told if each["event"] == "chunk_of_a_newer_version"]
    assert "'pigeon'" in newer["left"]
    with dispatcher.database.begin() as session:
        session.execute(text(f"UPDATE chunks SET {column} = '{old}'"))  # noqa: S608
    clock.advance(timedelta(minutes=2))
    tick(dispatcher)
    run_jobs()
    assert len(gateway.sent_to(friend)) == 1


def test_news_of_a_newer_kind_is_left_unread_and_holds_up_nothing(database: Database) -> None:
    with database.begin() as session:
        scenario = a_scenario(session)
        before, friend = a_friend(session), a_friend(session)
        events.append(session, EventKind.PURCHASED, before.id, A_SATURDAY)
        session.flush()
        session.execute(text("UPDATE customer_events SET kind = 'levitated'"))
        events.append(session, EventKind.PURCHASED, friend.id, A_SATURDAY)
        session.flush()
        assert triggers.read_events(session, A_SATURDAY) == 1
        assert triggers.read_events(session, A_SATURDAY) == 0
        entered = session.scalars(select(Enrolment.friend_id).where(Enrolment.scenario_id == scenario.id))
        assert entered.all() == [friend.id]
        left = session.execute(select(CustomerEvent.id).where(CustomerEvent.read_at.is_(None))).all()
        assert len(left) == 1


def test_a_step_of_a_newer_kind_is_taken_by_a_newer_worker_a_minute_later(database: Database) -> None:
    with database.begin() as session:
        strange, known = a_scenario(session), a_scenario(session)
        friends = [a_friend(session) for _ in range(3)]
        for friend in friends:
            enrolments.enrol(session, strange, friend.id, "test", {}, A_SATURDAY)
        enrolments.enrol(session, known, friends[0].id, "test", {}, A_SATURDAY)
        step = strange.steps[0].id
        session.flush()
    with database.begin() as session:
        session.execute(text(f"UPDATE steps SET kind = 'teleport' WHERE id = {step}"))  # noqa: S608
    with database.begin() as session, capture_logs() as told:
        assert scenarios.advance(session, A_SATURDAY) == 4
    assert [(each["event"], each["enrolments"]) for each in told] == [("step_of_a_newer_version", 3)]
    with database.begin() as session:
        next_at = session.scalars(select(Enrolment.next_at).where(Enrolment.scenario_id == strange.id)).all()
        assert set(next_at) == {A_SATURDAY + scenarios.NEWER_TRY}
        assert len(session.scalars(select(Delivery.id)).all()) == 1, "the step it knows was taken"
