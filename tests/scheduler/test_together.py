"""Several multicasts of one broadcast in one go: each is answered for itself, and nothing is lost or doubled between them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select, update

from scheduler import broadcast_progress, broadcasts, drafts, meter
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.gateway import (
    Accepted,
    GatewayError,
    MessageObject,
    QuotaExhausted,
    RefusedByLine,
    TemporaryGatewayError,
)
from scheduler.models import Broadcast, BroadcastState, Chunk, ChunkState, Delivery, DeliveryState
from scheduler.plan import plan_broadcast
from segments.models import Facts
from tests.builders import a_friend
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue
from tests.scheduler.budget_shop import allow
from tests.scheduler.conftest import jobs_of

LANGUAGES = ("ja", "en")
CONTENT = {each: [{"type": "text", "text": f"hello {each}"}] for each in LANGUAGES}
Run = Callable[[], int]


class ActingGateway(FakeGateway):
    """Does something once, after a number of multicasts."""

    def __init__(self) -> None:
        super().__init__()
        self._left, self._act = 0, list[Callable[[], None]]()

    def after(self, multicasts: int, act: Callable[[], None]) -> None:
        """Call `act` after so many more multicasts."""
        self._left, self._act = multicasts, [act]

    def multicast(self, to: Sequence[str], messages: Sequence[MessageObject], retry_key: UUID) -> Accepted:
        """Send, and act when it is time."""
        answer = super().multicast(to, messages, retry_key)
        self._left -= 1
        if self._left == 0 and self._act:
            self._act.pop()()
        return answer


@pytest.fixture
def gateway() -> ActingGateway:
    """Return a LINE platform in memory during whose work something may happen."""
    return ActingGateway()


def planned(dispatcher: Dispatcher, each: int = 4) -> tuple[int, dict[str, list[str]]]:
    """Plan a broadcast to friends of two languages, each a chunk; return it and the friends."""
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        friends = {
            language: [a_friend(session, language=language).line_user_id or "" for _ in range(each)]
            for language in LANGUAGES
        }
        draft = Draft("秋", CONTENT, condition={"is": "everyone"})
        broadcast_id = drafts.create(session, draft, now=now, by="test").id
        broadcasts.schedule(session, dispatcher.queue, broadcast_id, None, now)
    plan_broadcast(dispatcher.database, dispatcher.queue, dispatcher.clock, broadcast_id)
    return broadcast_id, friends


def multicasts(gateway: FakeGateway) -> int:
    return sum(endpoint == "multicast" for endpoint, _ in gateway.calls)


def seen(gateway: FakeGateway, friends: dict[str, list[str]]) -> dict[str, list[list[str]]]:
    return {language: [gateway.sent_to(each) for each in those] for language, those in friends.items()}


def everybody_once(friends: dict[str, list[str]]) -> dict[str, list[list[str]]]:
    return {language: [[f"hello {language}"] for _ in those] for language, those in friends.items()}


def resume(dispatcher: Dispatcher, broadcast_id: int) -> None:
    with dispatcher.database.begin() as session:
        broadcasts.resume(session, dispatcher.queue, broadcast_id, dispatcher.clock.now())


def states(dispatcher: Dispatcher, broadcast_id: int) -> dict[DeliveryState, int]:
    with dispatcher.database.reading() as session:
        return broadcast_progress.progress(session, broadcast_id).by_state


def test_all_chunks_of_a_job_go_at_once_and_each_keeps_the_number_of_its_own_request(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    broadcast_id, friends = planned(dispatcher)
    run_jobs()
    assert multicasts(gateway) == 2
    assert seen(gateway, friends) == everybody_once(friends)
    with dispatcher.database.reading() as session:
        requests = session.execute(select(Delivery.chunk_id, Delivery.request_id).distinct()).all()
        contacts = session.scalars(select(Facts.recent_contacts)).all()
        assert session.get_one(Broadcast, broadcast_id).state is BroadcastState.DONE
    assert len(requests) == len({request for _, request in requests}) == 2
    assert all(len(each) == 5 for each in contacts), "told of one contact each"


@pytest.mark.parametrize(
    "trouble", [TemporaryGatewayError("busy", status=500), RefusedByLine("no such user", recipient_index=0)]
)
def test_one_that_line_does_not_take_leaves_the_others_as_they_are(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, trouble: GatewayError
) -> None:
    broadcast_id, friends = planned(dispatcher)
    gateway.fail("multicast", trouble)
    run_jobs()
    lost = 1 if isinstance(trouble, RefusedByLine) else 0
    assert sum(len(sent) for those in seen(gateway, friends).values() for sent in those) == 8 - lost
    assert states(dispatcher, broadcast_id).get(DeliveryState.ACCEPTED) == 8 - lost


class PausingPacer:
    """Has something happen while a sender waits its turn."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act

    def take(self, limit: str, count: int) -> None:
        """Return once it has."""
        assert (limit, count) == ("multicast", 2)
        self._act()


def test_a_pause_while_they_wait_their_turn_keeps_them_all_for_later(
    dispatcher: Dispatcher, gateway: ActingGateway, queue: FakeQueue, run_jobs: Run
) -> None:
    broadcast_id, friends = planned(dispatcher)

    def pause() -> None:
        with dispatcher.database.begin() as session:
            broadcasts.pause(session, broadcast_id, dispatcher.clock.now())

    queue.run(jobs_of(replace(dispatcher, pacer=PausingPacer(pause))))
    assert multicasts(gateway) == 0
    assert states(dispatcher, broadcast_id) == {DeliveryState.QUEUED: 8}
    resume(dispatcher, broadcast_id)
    run_jobs()
    assert seen(gateway, friends) == everybody_once(friends)


def test_a_crash_between_two_of_them_sends_nobody_twice(
    dispatcher: Dispatcher, gateway: ActingGateway, run_jobs: Run
) -> None:
    broadcast_id, friends = planned(dispatcher)

    def die() -> None:
        raise KeyboardInterrupt

    gateway.after(1, die)
    with pytest.raises(KeyboardInterrupt):
        run_jobs()
    run_jobs()
    assert seen(gateway, friends) == everybody_once(friends)
    assert states(dispatcher, broadcast_id) == {DeliveryState.ACCEPTED: 8}


def test_one_friend_who_breaks_them_all_waits_alone(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    broadcast_id, friends = planned(dispatcher)
    with dispatcher.database.begin() as session:
        session.execute(update(Facts).where(Facts.friend_id == 1).values(recent_contacts="zzzzs"))
    run_jobs()
    got = seen(gateway, friends)
    assert sum(len(sent) for those in got.values() for sent in those) == 7
    assert states(dispatcher, broadcast_id)[DeliveryState.ACCEPTED] == 7
    with dispatcher.database.reading() as session:
        assert list(session.scalars(select(Chunk.state).where(Chunk.state == ChunkState.PARKED)))


def test_no_more_quota_stops_them_all_and_loses_nobody(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    broadcast_id, friends = planned(dispatcher)
    gateway.fail("multicast", QuotaExhausted("no more this month", status=429), times=2)
    run_jobs()
    assert states(dispatcher, broadcast_id) == {DeliveryState.QUEUED: 8}
    with dispatcher.database.begin() as session:
        assert session.get_one(Broadcast, broadcast_id).state_reason == "quota_exhausted"
    resume(dispatcher, broadcast_id)
    run_jobs()
    assert seen(gateway, friends) == everybody_once(friends)


def test_what_the_month_still_allows_is_shared_out_among_all_of_them(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    broadcast_id, friends = planned(dispatcher, each=6)
    with dispatcher.database.begin() as session:
        allow(session, 7)
    run_jobs()
    assert sum(len(sent) for those in seen(gateway, friends).values() for sent in those) == 7
    assert states(dispatcher, broadcast_id) == {DeliveryState.ACCEPTED: 7, DeliveryState.QUEUED: 5}
    with dispatcher.database.reading() as session:
        reasons = set(session.scalars(select(Delivery.reason).where(Delivery.state == DeliveryState.QUEUED)))
        assert meter.read(session, dispatcher.clock.now()).claimed == 7
    assert reasons == {"over_budget"}
