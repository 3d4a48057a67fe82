"""What a worker process runs: the job engine, the webhook inbox, the bell, and the watch over dead workers."""

from threading import Event, Thread

import structlog

from bot.jobs import jobs_of
from bot.line.inbox import Inbox, described
from bot.services import Services
from bot.wiring import dispatcher_of, executor_id
from scheduler import heartbeats
from scheduler.engine import POLL_AT_MOST, DbosQueue, DbosWorker
from scheduler.leadership import SessionLock, is_free
from scheduler.ticker import Ticker

log = structlog.get_logger(__name__)

BEAT_SECONDS = 2.0


class Machinery:
    """Everything that works behind the web, started and stopped together."""

    def __init__(self, services: Services) -> None:
        """Prepare; nothing runs before `start`."""
        self._services = services
        self._name = executor_id(services.database)
        self._dispatcher = dispatcher_of(services)
        self._worker = DbosWorker(services.database, self._name)
        self._alive = SessionLock(services.database, self._name)
        self.inbox = Inbox(services)
        self.ticker = Ticker(services.database, services.queue, services.clock, services.settings.zone)
        self._seem_to_run: set[str] = set()
        self._stop = Event()
        self._watch = Thread(target=self._beat_and_watch, name="kokyaku-watch", daemon=True)

    def start(self, *, rings: bool = True, poll_at_most: float = POLL_AT_MOST) -> None:
        """Take up what was left, then listen for webhooks and jobs, looking each `poll_at_most` seconds, and ring the clock.

        Without `rings` somebody else does.
        """
        self._alive.hold()
        self._worker.start(jobs_of(self._services, self._dispatcher), poll_at_most)
        self.inbox.start()
        if rings:
            self.ticker.start()
        self._watch.start()

    def stop(self) -> None:
        """Stop ringing, finish what runs, let go."""
        self.ticker.stop()
        self.inbox.stop()
        self._dispatcher.ending.set()
        self._worker.stop()
        self._stop.set()
        if self._watch.is_alive():
            self._watch.join(timeout=5)
        self._alive.release()

    def _beat_and_watch(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            try:
                self._beat()
                self.ticker.set_anew_if_late()
                self._take_over_from_the_dead()
            except Exception as error:  # noqa: BLE001 — logged without its text, which may hold an address
                # Whatever broke, the next beat is due: without this thread dead workers keep their jobs.
                log.warning("heartbeat_failed", error=described(error))

    def _beat(self) -> None:
        self._alive.hold()
        with self._services.database.begin() as session:
            heartbeats.beat(session, self._name, "worker", self._services.clock.now())

    def _take_over_from_the_dead(self) -> None:
        queue = self._services.queue
        if not isinstance(queue, DbosQueue):
            return
        for owner, job_ids in queue.running_by_executor().items():
            if owner == self._name:
                self._take_up_what_only_seems_to_run(queue, job_ids)
            elif is_free(self._services.database, owner):
                log.warning("worker_died", worker=owner, jobs=len(job_ids))
                queue.take_over(job_ids)

    def _take_up_what_only_seems_to_run(self, queue: DbosQueue, job_ids: list[str]) -> None:
        """Run again what ended here while its end could not be written down: a full disk, a lost connection."""
        ended = {job_id for job_id in job_ids if not self._worker.runs(job_id)}
        # Seen twice in a row: a job that was claimed a moment ago has not begun yet.
        lost = sorted(ended & self._seem_to_run)
        self._seem_to_run = ended - set(lost)
        if lost:
            log.warning("jobs_taken_up_again", jobs=len(lost))
            queue.take_over(lost)
