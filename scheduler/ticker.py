"""The bell: APScheduler rings and puts jobs on the queue; nothing else imports it.

A ring has a deterministic id, so ringing twice is one job. A missed tick or refresh is made up for by the next one,
which does whatever is due by then; a night that was missed, because the machine was off, is known from the database
(scheduler.nights) and made up at the next start.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# (APScheduler 3 ships no types.)
from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from scheduler import clock_setbacks, nights
from scheduler.jobs import Job, JobQueue
from scheduler.leadership import LEADER, SessionLock
from segments.clock import Clock
from segments.db import Database

log = structlog.get_logger(__name__)

TICK_EVERY = timedelta(seconds=2)
SILENCE = timedelta(seconds=10)
"""How much longer than it should the bell may be silent before it is set anew."""
GRACE_SECONDS = {Job.TICK: 10, Job.REFRESH: 300}
"""How late a ring may still be rung, each on its own terms; nights are made up however late."""


class Ticker:
    """Rings while this process leads."""

    def __init__(self, database: Database, queue: JobQueue, clock: Clock, zone: ZoneInfo) -> None:
        """Prepare the bell; `zone` is the shop's, for the nightly one."""
        self._database, self._queue, self._clock, self._zone = database, queue, clock, zone
        self._lock = SessionLock(database, LEADER)
        self._last: dict[Job, str] = {}
        self._scheduler = BackgroundScheduler(timezone=zone)

    def start(self) -> None:
        """Begin to ring."""
        self._set()
        self._scheduler.start()
        self.ring(Job.REFRESH)
        if self._lock.hold():
            self.ring_night()

    def set_anew_if_late(self) -> bool:
        """Set the bell anew when the clock was set back: it would be silent until the clock has caught up."""
        if not self._scheduler.running:
            return False
        tick = cast("Any", self._scheduler.get_job(Job.TICK.value))
        silent_for: timedelta = tick.next_run_time - self._clock.now() if tick is not None else timedelta()
        if silent_for < TICK_EVERY + SILENCE:
            return False
        log.warning("bell_set_anew", was_due_in=round(silent_for.total_seconds()))
        self._set()
        return True

    def _set(self) -> None:
        self._add(Job.TICK, IntervalTrigger(seconds=int(TICK_EVERY.total_seconds())))
        self._add(Job.REFRESH, CronTrigger(minute="*/5", timezone=self._zone))

    def _add(self, job: Job, trigger: IntervalTrigger | CronTrigger) -> None:
        self._scheduler.add_job(
            self._ring_safely,
            trigger,
            args=[job],
            id=job.value,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=GRACE_SECONDS[job],
            replace_existing=True,
        )

    def _ring_safely(self, job: Job) -> None:
        try:
            if self._lock.hold():
                self.ring(job)
                if job is Job.REFRESH:
                    self.ring_night()
        except DBAPIError as error:
            log.warning("ring_failed", job=job.value, error=type(error.orig).__name__)

    def ring(self, job: Job) -> str:
        """Put `job` on the queue under this moment's slot, unless the last one still waits; return its id."""
        if waiting := self._waiting(job):
            return waiting
        now = self._clock.now()
        with self._database.begin() as session:
            clock_setbacks.notice(session, self._queue, now)
            job_id = self._enqueue(session, job, _slot(now, self._zone))
        self._last[job] = job_id
        return job_id

    def ring_night(self) -> str | None:
        """Put the night's work on the queue when it is due, at 3:30 or whenever we run again; return its id."""
        if self._waiting(Job.NIGHTLY):
            return None
        now = self._clock.now()
        with self._database.begin() as session:
            clock_setbacks.notice(session, self._queue, now)
            begun = nights.due(session, now, self._zone)
            if begun is None:
                return None
            job_id = self._enqueue(session, Job.NIGHTLY, begun)
            nights.note(session, now)
        self._last[Job.NIGHTLY] = job_id
        log.info("night_begun", late_seconds=round((now - begun).total_seconds()))
        return job_id

    def _waiting(self, job: Job) -> str | None:
        """Return the id of our last ring of a job while it still waits or runs."""
        last = self._last.get(job)
        return last if last is not None and self._queue.unfinished([last]) else None

    def _enqueue(self, session: Session, job: Job, slot: datetime) -> str:
        # With its offset: where clocks are put back, an hour's wall times come twice.
        job_id = f"{job.value}@{slot.isoformat()}{clock_setbacks.era(session)}"
        self._queue.enqueue(session, job, job_id)
        return job_id

    def stop(self) -> None:
        """Ring no more and let another lead."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        self._lock.release()


def _slot(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the start of the slot that `now` lies in, in the shop's zone."""
    since_midnight = timedelta(hours=now.hour, minutes=now.minute, seconds=now.second)
    start = since_midnight - since_midnight % TICK_EVERY
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight + start).astimezone(zone)
