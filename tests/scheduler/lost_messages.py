"""Messages whose answer from LINE was lost for a day: nobody knows whether they arrived."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from scheduler import collecting, lost_tries, meter, reconciling, uncertain
from scheduler.delivery import send_chunk
from scheduler.dispatcher import Dispatcher
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Purpose,
)
from scheduler.plan import plan_broadcast
from scheduler.tick import tick
from segments.contact_tally import WIDTH
from segments.models import Facts
from tests.builders import a_friend, a_message, a_scenario
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue
from tests.scheduler.broadcast_drafts import HELLO, PERSONAL, a_draft, send, some_friends

Run = Callable[[], int]
UNCERTAIN = (DeliveryState.UNCERTAIN, "retry_key_expired")
ACCEPTED = (DeliveryState.ACCEPTED, None)
ARRIVED = (DeliveryState.ACCEPTED, "taken_as_arrived")


class LostMessages:
    """Sends what gets lost on the way back, and tells what became of it."""

    def __init__(
        self, dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, clock: FakeClock, run_jobs: Run
    ) -> None:
        self.dispatcher, self.database, self.gateway = dispatcher, dispatcher.database, gateway
        self.queue, self.clock, self._run_jobs = queue, clock, run_jobs

    def broadcast(self, friends: int = 1, content: dict[str, Any] = PERSONAL, **draft: Any) -> list[str]:
        """Send a broadcast whose answers are lost until their keys are dead; return its friends on LINE."""
        known = some_friends(self.database, friends)
        self.broadcast_id = a_draft(self.dispatcher, content, **draft)
        send(self.dispatcher, self.broadcast_id)
        plan_broadcast(self.database, self.queue, self.clock, self.broadcast_id)
        self.lose("multicast" if content is HELLO else "push", 1 if content is HELLO else friends)
        return known

    def due(self, pushes: int = 1) -> None:
        """Send what is due, and lose the answers to so many pushes."""
        with self.database.begin() as session:
            collecting.collect_due(session, self.queue, self.clock.now())
        self.lose("push", pushes)

    def lose(self, endpoint: str, times: int) -> None:
        """Run the chunks that are open, lose LINE's answers and let a day pass over them."""
        self.gateway.lose_answer(endpoint, times)
        self._send_chunks()
        self.clock.advance(timedelta(days=1))
        self._send_chunks()
        self.queue.waiting.clear()

    def _send_chunks(self) -> None:
        with self.database.reading() as session:
            is_open = Chunk.state.in_([ChunkState.QUEUED, ChunkState.SENDING])
            found = session.scalars(select(Chunk.id).where(is_open).order_by(Chunk.id)).all()
        for chunk_id in found:
            send_chunk(self.dispatcher, chunk_id)

    def go_on(self) -> None:
        """Let the clock ring, and run what that brings about."""
        tick(self.dispatcher)
        self._run_jobs()
        tick(self.dispatcher)

    def seen(self) -> dict[int, int]:
        """Return the uncertain deliveries as a page shows them now."""
        with self.database.reading() as session:
            uncertain = select(Delivery.id).where(Delivery.state == DeliveryState.UNCERTAIN)
            ids = session.scalars(uncertain.order_by(Delivery.id)).all()
            return dict.fromkeys(ids, 0) | lost_tries.counts(session, ids)

    def states(self) -> list[tuple[DeliveryState, str | None]]:
        """Return where each delivery stands, and why."""
        with self.database.reading() as session:
            rows = session.execute(select(Delivery.state, Delivery.reason).order_by(Delivery.id))
            return [(state, reason) for state, reason in rows]

    def got(self, friends: Sequence[str]) -> list[int]:
        """Return how many messages each friend has got."""
        return [len(self.gateway.sent_to(friend)) for friend in friends]


def again(lost: LostMessages, seen: dict[int, int] | None = None) -> int:
    """Have what is uncertain, or only what was seen, sent again; return how many."""
    with lost.database.begin() as session:
        asked = lost.seen() if seen is None else seen
        return uncertain.send_again(session, asked, "operator:1", lost.clock.now())


def arrived(lost: LostMessages, seen: dict[int, int] | None = None) -> int:
    """Take what is uncertain, or only what was seen, as arrived; return how many."""
    with lost.database.begin() as session:
        return uncertain.take_as_arrived(session, lost.seen() if seen is None else seen)


def counted(lost: LostMessages) -> tuple[int, int]:
    """Return the month's messages by the meter, and by the deliveries themselves."""
    with lost.database.reading() as session:
        now = lost.clock.now()
        return meter.read(session, now).claimed, reconciling.count_ours(session, now)


def campaign(lost: LostMessages) -> BroadcastState:
    """Return where the broadcast stands."""
    with lost.database.reading() as session:
        return session.get_one(Broadcast, lost.broadcast_id).state


def steps(lost: LostMessages, *texts: str, **values: Any) -> str:
    """Queue steps' messages to one friend; return whom."""
    now = lost.clock.now()
    with lost.database.begin() as session:
        friend = a_friend(session)
        scenario = a_scenario(session, *({"message_id": a_message(session, text).id} for text in texts))
        for text, step in zip(texts, scenario.steps, strict=True):
            delivery = {
                "friend_id": friend.id,
                "kind": DeliveryKind.STEP,
                "purpose": Purpose.CARE,
                "step_id": step.id,
                "message_version_id": a_message(session, text).id,
                "created_at": now,
                "not_before": now,
            }
            session.add(Delivery(**(delivery | values)))
    return friend.line_user_id or ""


def contacts(lost: LostMessages) -> int:
    """Return how many contacts of the plan the friend has had."""
    with lost.database.reading() as session:
        return len(session.scalars(select(Facts.recent_contacts)).one()) // WIDTH
