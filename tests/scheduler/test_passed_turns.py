"""Pushes whose turn at LINE's rate had passed before there was time for them: they take another one."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import select

from scheduler import broadcasts
from scheduler.dispatcher import Dispatcher
from scheduler.gateway import TurnPassed
from scheduler.models import Attempt, BroadcastState, DeliveryState
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue
from tests.scheduler.broadcast_drafts import HELLO, PERSONAL, a_draft, progress_of, send, some_friends
from tests.scheduler.conftest import jobs_of


class NotingPacer:
    """Notes the turns that are taken; something may happen before the second."""

    def __init__(self, act: Callable[[], object] = lambda: None) -> None:
        self.turns: list[int] = []
        self._act = act

    def take(self, limit: str, count: int) -> None:
        """Note it."""
        assert limit in {"push", "multicast"}
        if self.turns:
            self._act()
        self.turns.append(count)


def three_of_five_late(dispatcher: Dispatcher, gateway: FakeGateway) -> tuple[list[str], int]:
    """Begin a broadcast of personal messages; return who gets it, and its id."""
    friends = some_friends(dispatcher.database, 5)
    broadcast_id = a_draft(dispatcher, PERSONAL)
    send(dispatcher, broadcast_id)
    gateway.fail("push", TurnPassed("late"), times=3)
    return friends, broadcast_id


def test_they_take_another_turn_and_leave_once(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue
) -> None:
    friends, broadcast_id = three_of_five_late(dispatcher, gateway)
    pacer = NotingPacer()
    queue.run(jobs_of(replace(dispatcher, pacer=pacer)))
    assert pacer.turns == [5, 3]
    assert [len(gateway.sent_to(friend)) for friend in friends] == [1] * 5
    progress = progress_of(dispatcher, broadcast_id)
    assert (progress.state, progress.by_state) == (BroadcastState.DONE, {DeliveryState.ACCEPTED: 5})
    with dispatcher.database.reading() as session:
        assert "late" not in session.scalars(select(Attempt.outcome)).all()


def test_a_pause_while_they_wait_for_another_turn_keeps_them_for_later(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue
) -> None:
    friends, broadcast_id = three_of_five_late(dispatcher, gateway)

    def pause() -> None:
        with dispatcher.database.begin() as session:
            broadcasts.pause(session, broadcast_id, dispatcher.clock.now())

    queue.run(jobs_of(replace(dispatcher, pacer=NotingPacer(pause))))
    assert progress_of(dispatcher, broadcast_id).by_state == {
        DeliveryState.ACCEPTED: 2,
        DeliveryState.QUEUED: 3,
    }
    with dispatcher.database.begin() as session:
        broadcasts.resume(session, queue, broadcast_id, dispatcher.clock.now())
    queue.run(jobs_of(dispatcher))
    assert [len(gateway.sent_to(friend)) for friend in friends] == [1] * 5


def test_multicasts_take_another_turn_as_well(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue
) -> None:
    friends = some_friends(dispatcher.database, 3)
    broadcast_id = a_draft(dispatcher, HELLO)
    send(dispatcher, broadcast_id)
    gateway.fail("multicast", TurnPassed("late"), times=2)
    pacer = NotingPacer()
    queue.run(jobs_of(replace(dispatcher, pacer=pacer)))
    assert pacer.turns == [1, 1, 1]
    assert [len(gateway.sent_to(friend)) for friend in friends] == [1] * 3
    assert progress_of(dispatcher, broadcast_id).state is BroadcastState.DONE


def test_a_pause_while_multicasts_wait_for_another_turn_keeps_them_for_later(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue
) -> None:
    friends = some_friends(dispatcher.database, 3)
    broadcast_id = a_draft(dispatcher, HELLO)
    send(dispatcher, broadcast_id)
    gateway.fail("multicast", TurnPassed("late"))

    def pause() -> None:
        with dispatcher.database.begin() as session:
            broadcasts.pause(session, broadcast_id, dispatcher.clock.now())

    queue.run(jobs_of(replace(dispatcher, pacer=NotingPacer(pause))))
    assert [gateway.sent_to(friend) for friend in friends] == [[], [], []]
    with dispatcher.database.begin() as session:
        broadcasts.resume(session, queue, broadcast_id, dispatcher.clock.now())
    queue.run(jobs_of(dispatcher))
    assert [len(gateway.sent_to(friend)) for friend in friends] == [1] * 3
