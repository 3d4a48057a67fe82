"""A chunk that breaks each time: the friend it breaks for is singled out and waits, and everybody else gets it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from scheduler import (
    broadcast_progress,
    broadcasts,
    chunk_troubles,
    chunks,
    collecting,
    drafts,
    parked_chunks,
)
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.gateway import TemporaryGatewayError
from scheduler.models import (
    BroadcastState,
    Chunk,
    ChunkState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Purpose,
)
from scheduler.tick import tick
from segments.errors import NotFound
from segments.models import Facts
from tests.builders import a_friend, a_message
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway

HELLO = {"ja": [{"type": "text", "text": "こんにちは"}]}
PERSONAL = {"ja": [{"type": "text", "text": "{{ name }}様"}]}
UNREADABLE = "zzzzs"
"""No packed contact: whoever reads it breaks."""
Run = Callable[[], int]


def started(dispatcher: Dispatcher, content: dict[str, Any], friends: int, poisoned: set[int]) -> list[str]:
    """Start a broadcast to friends, some of whom break whoever looks at them; return their LINE ids."""
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        known: list[str] = []
        for number in range(friends):
            facts = {"recent_contacts": UNREADABLE} if number in poisoned else {}
            known.append(a_friend(session, facts=facts).line_user_id or "")
        draft = Draft("秋", content, condition={"is": "everyone"})
        broadcast_id = drafts.create(session, draft, now=now, by="test").id
        broadcasts.schedule(session, dispatcher.queue, broadcast_id, None, now)
    return known


def cured(dispatcher: Dispatcher) -> None:
    with dispatcher.database.begin() as session:
        session.execute(update(Facts).values(recent_contacts=""))


def parked(dispatcher: Dispatcher) -> list[parked_chunks.Parked]:
    with dispatcher.database.reading() as session:
        return list(parked_chunks.page(session)[0])


def progress(dispatcher: Dispatcher, broadcast_id: int = 1) -> broadcast_progress.Progress:
    with dispatcher.database.reading() as session:
        return broadcast_progress.progress(session, broadcast_id)


@pytest.mark.parametrize("content", [HELLO, PERSONAL])
def test_everybody_but_the_one_it_breaks_for_gets_it_and_that_one_waits(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, content: dict[str, Any]
) -> None:
    friends = started(dispatcher, content, friends=23, poisoned={17})
    run_jobs()
    (waiting,) = parked(dispatcher)
    assert (waiting.about, waiting.messages, waiting.trouble) == ("秋", 1, "ValueError")
    assert len(waiting.friends) == 1
    assert [len(gateway.sent_to(each)) for each in friends] == [*[1] * 17, 0, *[1] * 5]
    now = progress(dispatcher)
    assert now.state is BroadcastState.SENDING, "it is not over while somebody waits"
    assert now.waiting_by_reason == {"preparing_failed": 1}


def test_it_is_not_swept_again_and_goes_out_once_it_is_tried_again(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, clock: FakeClock
) -> None:
    friends = started(dispatcher, PERSONAL, friends=3, poisoned={1})
    run_jobs()
    clock.advance(timedelta(hours=1))
    assert tick(dispatcher)["swept"] == 0
    cured(dispatcher)
    with dispatcher.database.begin() as session:
        (one,) = parked_chunks.page(session)[0]
        parked_chunks.try_again(session, dispatcher.queue, one.id, clock.now())
    run_jobs()
    assert [len(gateway.sent_to(each)) for each in friends] == [1, 1, 1]
    assert progress(dispatcher).state is BroadcastState.DONE
    with dispatcher.database.begin() as session, pytest.raises(NotFound, match="chunk_not_parked"):
        parked_chunks.try_again(session, dispatcher.queue, one.id, clock.now())


def test_what_is_given_up_is_failed_with_its_reason_and_the_broadcast_ends(
    dispatcher: Dispatcher, run_jobs: Run, clock: FakeClock
) -> None:
    started(dispatcher, PERSONAL, friends=3, poisoned={1})
    run_jobs()
    with dispatcher.database.begin() as session:
        (one,) = parked_chunks.page(session)[0]
        assert parked_chunks.give_up(session, one.id, clock.now()) == 1
    now = progress(dispatcher)
    assert now.by_state == {DeliveryState.ACCEPTED: 2, DeliveryState.FAILED: 1}
    assert now.unsent_by_reason == {"preparing_failed": 1}
    assert now.state is BroadcastState.DONE


def test_what_line_may_have_is_never_taken_apart_nor_failed(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, clock: FakeClock
) -> None:
    friends = started(dispatcher, PERSONAL, friends=3, poisoned=set())
    run_jobs()
    with dispatcher.database.begin() as session:
        # As if the answer to one of them was lost, and whoever reads what it was broke since.
        first = session.scalars(select(Delivery.id).order_by(Delivery.id)).first()
        chunk = session.scalars(select(Chunk)).one()
        chunk.state, chunk.failures = ChunkState.SENDING, chunk_troubles.RUNS - 1
        lost = {"state": DeliveryState.SENDING, "ended_at": None}
        session.execute(update(Delivery).where(Delivery.id == first).values(lost))
        chunk_troubles.broke(session, dispatcher.queue, chunk.id, "KeyError", clock.now())
        assert chunk.state is ChunkState.PARKED
        assert parked_chunks.give_up(session, chunk.id, clock.now()) == 1
    with dispatcher.database.reading() as session:
        states = session.scalars(select(Delivery.state).order_by(Delivery.id)).all()
    assert list(states) == [DeliveryState.UNCERTAIN, DeliveryState.ACCEPTED, DeliveryState.ACCEPTED]
    assert [len(gateway.sent_to(each)) for each in friends] == [1, 1, 1]


def test_steps_that_break_are_singled_out_as_well(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, clock: FakeClock
) -> None:
    with dispatcher.database.begin() as session:
        version = a_message(session).id
        friends = [a_friend(session) for _ in range(12)]
        for friend in friends:
            for _ in range(2):
                session.add(
                    Delivery(
                        friend_id=friend.id, kind=DeliveryKind.STEP, purpose=Purpose.CARE,
                        message_version_id=version, created_at=clock.now(), not_before=clock.now(),
                    )
                )  # fmt: skip
        session.flush()
        collecting.collect_due(session, dispatcher.queue, clock.now())
        mine = Facts.friend_id == friends[5].id
        session.execute(update(Facts).where(mine).values(recent_contacts=UNREADABLE))
    run_jobs()
    (waiting,) = parked(dispatcher)
    assert (waiting.broadcast_id, waiting.messages) == (None, 2), "both of one friend stay together"
    assert sum(len(gateway.sent_to(each.line_user_id or "")) for each in friends) == 22


def test_when_all_of_them_break_they_are_parked_together_in_the_end(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    started(dispatcher, HELLO, friends=120, poisoned=set(range(120)))
    run_jobs()
    assert gateway.calls == []
    with dispatcher.database.reading() as session:
        by_state = dict(session.execute(select(Chunk.state, func.count()).group_by(Chunk.state)).all())
    assert set(by_state) == {ChunkState.PARKED, ChunkState.DONE}
    assert by_state[ChunkState.PARKED] < 90, "not one for each friend"
    assert progress(dispatcher).waiting_by_reason == {"preparing_failed": 120}


def test_an_answer_of_lines_is_no_trouble_of_ours(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    friends = started(dispatcher, PERSONAL, friends=2, poisoned=set())
    gateway.fail("push", TemporaryGatewayError("Internal Server Error", status=500), times=12)
    run_jobs()
    assert parked(dispatcher) == []
    assert [len(gateway.sent_to(each)) for each in friends] == [1, 1]


def test_cancelling_a_broadcast_ends_what_is_parked_of_it(
    dispatcher: Dispatcher, run_jobs: Run, clock: FakeClock
) -> None:
    started(dispatcher, PERSONAL, friends=3, poisoned={1})
    run_jobs()
    with dispatcher.database.begin() as session:
        broadcasts.cancel(session, 1, clock.now())
    assert parked(dispatcher) == []
    now = progress(dispatcher)
    assert now.by_state == {DeliveryState.ACCEPTED: 2, DeliveryState.CANCELLED: 1}


def test_no_chunk_is_left_open_without_a_job(dispatcher: Dispatcher, run_jobs: Run) -> None:
    started(dispatcher, HELLO, friends=60, poisoned={3, 44})
    run_jobs()
    with dispatcher.database.reading() as session:
        left = session.scalar(
            select(func.count()).select_from(Chunk).where(Chunk.state.in_(chunks.OPEN_CHUNK))
        )
    assert left == 0
    assert len(parked(dispatcher)) == 2
