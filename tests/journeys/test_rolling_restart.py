"""Workers replaced one after another in the middle of sending: nobody notices, and each ends by itself."""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from subprocess import Popen

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.simulator.config import SimulatorConfig
from bot.simulator.server import start
from scheduler import broadcasts, drafts, engine
from scheduler.drafts import Draft
from scheduler.engine import DbosQueue
from scheduler.models import Broadcast, BroadcastState, Delivery, DeliveryState
from segments import shop as shops
from segments.audience import freeze_list
from segments.clock import SystemClock
from segments.db import Database
from segments.models import Facts, Friend
from tests.databases import PostgresServer
from tests.fakes.simulator import SimulatorClient
from tests.processes import Installation, running
from tests.waiting import wait_until

PERSONAL = {"ja": [{"type": "text", "text": "{{ name }}様、秋の新茶が入りました。"}]}
LISTS, LIST = 20, 150
"""Broadcasts, and friends of each: many small ones, so that a worker that stops leaves some to the next."""
SLOWLY = {"KOKYAKU_PUSHES_PER_SECOND": "300"}
"""So that who is told to stop has chunks in hand."""
GRACE_SECONDS = 60
"""What compose.yaml leaves a worker before it is killed."""


class Shop:
    """A shop whose workers come and go while it writes to its friends, list by list."""

    def __init__(self, database: Database, line: SimulatorClient, folder: Path) -> None:
        engine.migrate(database)
        self._database, self._line, self._folder = database, line, folder
        self._queue, self._now = DbosQueue(database), SystemClock().now()
        self.line_ids = line.add_friends(LISTS * LIST)
        with database.begin() as session:
            awake = replace(shops.load(session), quiet_from=time(0), quiet_until=time(0))
            shops.save(session, awake, self._now)
            self._friends = _befriend(session, self.line_ids, self._now)

    def worker(self, stack: ExitStack, name: str, environment: Mapping[str, str]) -> "Popen[bytes]":
        """Start a worker that has a log of its own."""
        (self._folder / name).mkdir()
        installation = Installation(self._database, self._folder / name, self._line.url)
        return stack.enter_context(running(installation, "worker", environment=environment))

    def is_ready(self, name: str) -> bool:
        return "ワーカーが動いています" in (self._folder / name / "worker.log").read_text(encoding="utf-8")

    def send(self, lists: Iterable[int]) -> None:
        """Begin a broadcast to each of these lists of friends."""
        with self._database.begin() as session:
            for number in lists:
                to = self._friends[number * LIST : (number + 1) * LIST]
                audience = freeze_list(session, to, f"{number}.csv", self._now)
                draft = Draft(name=f"list {number}", content=PERSONAL, audience_id=audience.id)
                broadcast = drafts.create(session, draft, now=self._now, by="test")
                broadcasts.schedule(session, self._queue, broadcast.id, None, self._now)

    def senders(self) -> set[str]:
        """Return who has chunks in hand."""
        taken = self._queue.running_by_executor()
        return {owner for owner, jobs in taken.items() if any(job.startswith("chunk-") for job in jobs)}

    def is_over(self) -> bool:
        with self._database.reading() as session:
            open_ones = select(Broadcast.id).where(Broadcast.state != BroadcastState.DONE)
            return session.scalar(open_ones.limit(1)) is None

    def outcomes(self) -> dict[DeliveryState, int]:
        """Return how many deliveries came to which end."""
        with self._database.reading() as session:
            return dict(Counter(session.scalars(select(Delivery.state))))

    def close(self) -> None:
        self._queue.close()


def _befriend(session: Session, line_user_ids: Iterable[str], now: datetime) -> list[int]:
    session.add_all(
        Friend(
            line_user_id=id_, display_name=f"友だち{number}", language="ja", created_at=now, followed_at=now
        )
        for number, id_ in enumerate(line_user_ids)
    )
    ids = list(session.scalars(select(Friend.id).order_by(Friend.id)))
    session.add_all(Facts(friend_id=id_, stage_since=now) for id_ in ids)
    return ids


def _senders_beside(shop: Shop, others: set[str]) -> set[str]:
    """Wait until somebody but `others` has chunks in hand; return who that is."""
    found = set[str]()

    def look() -> set[str]:
        found.update(shop.senders() - others)
        return found

    wait_until(look)
    return found


def test_everyone_gets_it_exactly_once_though_each_worker_is_replaced_while_it_sends(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with start(SimulatorConfig()) as line, postgres.copy() as database, ExitStack() as stack:
        client = SimulatorClient(line.url)
        shop = Shop(database, client, tmp_path)
        stack.callback(shop.close)
        first = shop.worker(stack, "first", SLOWLY)
        wait_until(lambda: shop.is_ready("first"))
        shop.send(range(LISTS // 2))
        # Alone until then: beside another it might find nothing left to take.
        gone = _senders_beside(shop, set())
        first.terminate()
        second = shop.worker(stack, "second", SLOWLY)
        assert first.wait(timeout=GRACE_SECONDS) == 0
        wait_until(lambda: shop.is_ready("second"))
        shop.send(range(LISTS // 2, LISTS))
        _senders_beside(shop, gone)
        second.terminate()
        shop.worker(stack, "third", {})
        assert second.wait(timeout=GRACE_SECONDS) == 0
        wait_until(shop.is_over)
        got = Counter[str](client.counts()["friends"])
        assert {got[friend] for friend in shop.line_ids} == {1}
        assert shop.outcomes() == {DeliveryState.ACCEPTED: LISTS * LIST}
