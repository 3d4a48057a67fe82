"""A broadcast whose worker is killed at random moments, and what the simulator counted afterwards."""

import random
from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import time
from subprocess import Popen
from threading import Event

from sqlalchemy import insert, select

from scheduler import broadcast_progress, broadcasts, drafts, engine
from scheduler.drafts import Draft
from scheduler.engine import DbosQueue
from scheduler.models import BroadcastState, DeliveryState
from segments import shop
from segments.clock import SystemClock
from segments.db import Database
from segments.models import Facts, Friend
from tests.fakes.simulator import SimulatorClient
from tests.processes import Installation, kill, running

PERSONAL = {"ja": [{"type": "text", "text": "{{ name }}様、秋の新茶が入りました。"}]}
ENOUGH_SECONDS = 600


@dataclass(frozen=True)
class CrashCount:
    """What came of a crash run: duplicates and missing are friends, as the simulator counted."""

    kills: int
    friends: int
    duplicates: int
    missing: int
    uncertain: int

    def figures(self) -> dict[str, int]:
        """Return the figures by name."""
        return asdict(self)


class CrashRun:
    """One broadcast to `friends` people through workers that are killed `kills` times."""

    def __init__(self, installation: Installation, line: SimulatorClient, *, friends: int, seed: int) -> None:
        self._installation, self._line = installation, line
        self._database = installation.database
        self._chance = random.Random(seed)
        self._friends = friends
        self._clock = SystemClock()
        self._pause = Event()

    def run(self, kills: int) -> CrashCount:
        """Play it to its end."""
        engine.migrate(self._database)
        ids = self._line.add_friends(self._friends)
        _add_friends(self._database, ids, self._clock)
        queue = DbosQueue(self._database)
        broadcast_id = self._start(queue)
        done = self._kill_and_restart(broadcast_id, kills)
        queue.close()
        return self._count(ids, broadcast_id, done)

    def _start(self, queue: DbosQueue) -> int:
        now = self._clock.now()
        with self._database.begin() as session:
            shop.save(session, _without_quiet_hours(shop.load(session)), now)
            draft = Draft(name="crash", content=PERSONAL, condition={"is": "everyone"})
            broadcast = drafts.create(session, draft, now=now, by="test")
            broadcasts.schedule(session, queue, broadcast.id, None, now)
            return broadcast.id

    def _kill_and_restart(self, broadcast_id: int, kills: int) -> int:
        done = 0
        while done < kills:
            worker = self._installation.start("worker")
            self._wait_for_some_sends()
            self._pause.wait(self._chance.uniform(0, 0.4))
            kill(worker)
            done += 1
            if self._is_over(broadcast_id):
                break
        with running(self._installation, "worker") as worker:
            self._wait_until_over(broadcast_id, worker)
        return done

    def _wait_for_some_sends(self) -> None:
        """Wait until this worker has sent something more, so that the kill falls into the middle of a send."""
        before = self._sent()
        for _ in range(100):
            if self._sent() > before or self._sent() >= self._friends:
                return
            self._pause.wait(0.1)

    def _sent(self) -> int:
        return int(self._line.counts(friends=False)["delivered"])

    def _progress(self, broadcast_id: int) -> broadcast_progress.Progress:
        with self._database.begin() as session:
            return broadcast_progress.progress(session, broadcast_id)

    def _is_over(self, broadcast_id: int) -> bool:
        return self._progress(broadcast_id).state is BroadcastState.DONE

    def _wait_until_over(self, broadcast_id: int, worker: "Popen[bytes]") -> None:
        for _ in range(ENOUGH_SECONDS * 5):
            assert worker.poll() is None, "the worker ended by itself; its log says why"
            if self._is_over(broadcast_id):
                return
            self._pause.wait(0.2)

    def _count(self, ids: list[str], broadcast_id: int, kills: int) -> CrashCount:
        got = Counter[str](self._line.counts()["friends"])
        by_state = self._progress(broadcast_id).by_state
        return CrashCount(
            kills=kills,
            friends=len(ids),
            duplicates=sum(got[id_] > 1 for id_ in ids),
            missing=sum(got[id_] == 0 for id_ in ids),
            uncertain=by_state.get(DeliveryState.UNCERTAIN, 0),
        )


def _without_quiet_hours(settings: shop.Shop) -> shop.Shop:
    return replace(settings, quiet_from=time(0), quiet_until=time(0))


def _add_friends(database: Database, line_user_ids: list[str], clock: SystemClock) -> None:
    now = clock.now()
    with database.begin() as session:
        session.execute(
            insert(Friend),
            [
                {
                    "line_user_id": id_,
                    "display_name": f"友だち{number}",
                    "language": "ja",
                    "kana": "",
                    "fields": {},
                    "created_at": now,
                    "followed_at": now,
                    "follow_state_at": now,
                }
                for number, id_ in enumerate(line_user_ids)
            ],
        )
        ids = session.scalars(select(Friend.id)).all()
        session.execute(insert(Facts), [{"friend_id": id_, "stage_since": now} for id_ in ids])
