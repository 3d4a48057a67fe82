"""The job engine: DBOS behind the port of scheduler.jobs; nothing else imports it.

Jobs are rows beside our own (a schema `dbos` on PostgreSQL, unprefixed tables in the same SQLite file),
so that enqueueing belongs to the caller's transaction. A job runs at least once: a worker that dies is
succeeded by itself when it starts again, and on PostgreSQL by any other worker within seconds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, run_dbos_database_migrations
from dbos import EnqueueOptions as DbosEnqueueOptions
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session

from scheduler.jobs import Job, JobArgument, Jobs
from segments.db import Database

log = structlog.get_logger(__name__)

APPLICATION = "kokyaku"
VERSION = "1"
"""Version of the jobs' names and arguments, not of the program: a worker takes up what an older one left."""
WORKFLOW = "kokyaku.job"
LIVE = ["ENQUEUED", "DELAYED", "PENDING"]
POLL_AT_MOST = 1.0
"""Seconds between two looks at a queue of rare jobs."""


@dataclass(frozen=True)
class QueueShape:
    """How many jobs of a queue run at once, in one process and everywhere, and how often each process looks for some."""

    in_process: int
    everywhere: int | None = None
    poll_seconds: float = 0.5
    """A look takes some milliseconds; only sends, of which every chunk may bring another, are worth many."""


QUEUES = {
    "clock": QueueShape(1, everywhere=1, poll_seconds=POLL_AT_MOST),
    "plans": QueueShape(1),
    "sends": QueueShape(8, poll_seconds=0.1),
    # Beside the others: a chunk of mail takes minutes at a mail server's rate, and must not keep LINE waiting.
    "mails": QueueShape(4, poll_seconds=POLL_AT_MOST),
    "files": QueueShape(1, poll_seconds=POLL_AT_MOST),
}
QUEUE_OF = {
    Job.TICK: "clock",
    Job.REFRESH: "plans",
    Job.NIGHTLY: "plans",
    Job.LINK_MENUS: "files",
    Job.TRY_POLICY: "files",
    Job.PLAN_BROADCAST: "plans",
    Job.SEND_CHUNK: "sends",
    Job.SEND_MAIL: "mails",
    Job.TAG_FRIENDS: "files",
    Job.EXPORT: "files",
    Job.IMPORT: "files",
    Job.ANALYSE: "files",
    Job.GIVE_COUPONS: "files",
}


class DbosQueue:
    """The enqueueing side; implements scheduler.jobs.JobQueue in any process."""

    def __init__(self, database: Database) -> None:
        """Connect lazily to the tables that `migrate` made."""
        self._client = _client(database)

    def enqueue(
        self, session: Session, job: Job, job_id: str, *args: JobArgument, delay: timedelta | None = None
    ) -> None:
        """Put a job on its queue in `session`'s transaction; the same `job_id` twice is one job."""
        options = DbosEnqueueOptions(
            workflow_name=WORKFLOW, queue_name=QUEUE_OF[job], workflow_id=job_id, app_version=VERSION
        )
        if delay:
            options["delay_seconds"] = delay.total_seconds()
        session.flush()
        self._client.enqueue_in_transaction(session, options, job.value, list(args))

    def unfinished(self, job_ids: list[str]) -> set[str]:
        """Return those of `job_ids` that still wait, are delayed or run."""
        if not job_ids:
            return set()
        found = self._client.list_workflows(
            workflow_ids=job_ids, status=LIVE, load_input=False, load_output=False
        )
        return {workflow.workflow_id for workflow in found}

    def running_by_executor(self) -> dict[str, list[str]]:
        """Return the jobs that some worker has taken up, by the worker's id."""
        found = self._client.list_workflows(status="PENDING", load_input=False, load_output=False)
        owned: dict[str, list[str]] = {}
        for workflow in found:
            owned.setdefault(workflow.executor_id or "", []).append(workflow.workflow_id)
        return owned

    def take_over(self, job_ids: list[str]) -> None:
        """Put jobs of a dead worker back on a queue: what is quick on the one that takes many at once."""
        if not job_ids:
            return
        found = self._client.list_workflows(workflow_ids=job_ids, load_input=False, load_output=False)
        slow = {workflow.workflow_id for workflow in found if workflow.queue_name == "mails"}
        for name, ids in (("sends", set(job_ids) - slow), ("mails", slow)):
            if ids:
                self._client.resume_workflows(sorted(ids), queue_name=name)

    def forget(self, ended_before: datetime, batch: int = 1000) -> int:
        """Delete the records of jobs that ended well before `ended_before`; return how many, at most `batch`."""
        ended = self._client.list_workflows(
            status="SUCCESS",
            completed_before=ended_before.isoformat(),
            limit=batch,
            load_input=False,
            load_output=False,
        )
        self._client.delete_workflows([workflow.workflow_id for workflow in ended])
        return len(ended)

    def close(self) -> None:
        """Close the client's connections."""
        self._client.destroy()


class DbosWorker:
    """The running side: one per process, because DBOS is one per process."""

    def __init__(self, database: Database, executor_id: str) -> None:
        """Prepare; nothing runs before `start`."""
        self._config = DBOSConfig(
            name=APPLICATION,
            system_database_url=_url(database),
            system_database_engine=_engine(database),
            serializer=DBOSPortableJSONSerializer(),
            executor_id=executor_id,
            application_version=VERSION,
            log_level="WARNING",
            run_migrations=True,
            use_listen_notify=False,
            notification_listener_polling_interval_sec=1.0,
        )
        self._running: set[str] = set()
        """Ids of the jobs that really run here now; what the records say may be older."""

    def start(self, jobs: Jobs, poll_at_most: float = POLL_AT_MOST) -> None:
        """Take up what this executor left behind, then look at every queue each `poll_at_most` seconds or sooner."""

        def run_job(job: str, args: list[JobArgument]) -> None:
            job_id = DBOS.workflow_id or ""
            self._running.add(job_id)
            try:
                jobs[Job(job)](*args)
            finally:
                self._running.discard(job_id)

        DBOS(config=self._config)
        DBOS.workflow(name=WORKFLOW, max_recovery_attempts=1_000_000)(run_job)
        DBOS.launch()
        for name, shape in QUEUES.items():
            DBOS.register_queue(
                name,
                worker_concurrency=shape.in_process,
                global_concurrency=shape.everywhere,
                polling_interval_sec=min(shape.poll_seconds, poll_at_most),
                on_conflict="always_update",
            )

    def runs(self, job_id: str) -> bool:
        """Say whether a job runs in this process at this moment."""
        return job_id in self._running

    def stop(self, patience: timedelta = timedelta(seconds=10)) -> None:
        """Stop taking jobs and wait for those that run."""
        DBOS.destroy(workflow_completion_timeout_sec=int(patience.total_seconds()), destroy_registry=True)


def migrate(database: Database) -> None:
    """Create or update the engine's own tables."""
    run_dbos_database_migrations(_url(database))


def _client(database: Database) -> DBOSClient:
    return DBOSClient(
        system_database_url=_url(database),
        system_database_engine=_engine(database),
        serializer=DBOSPortableJSONSerializer(),
        application_name=APPLICATION,
        lazy=True,
    )


def _url(database: Database) -> str:
    return database.url.set(drivername="sqlite" if database.is_sqlite else "postgresql").render_as_string(
        hide_password=False
    )


def _engine(database: Database) -> Engine | None:
    if not database.is_sqlite:
        return None
    engine = create_engine(database.url, pool_size=10, max_overflow=20)
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    # As DBOS sets its own engine up, and one fsync a checkpoint instead of one a commit, like our tables.
    connection.isolation_level = "IMMEDIATE"
    for pragma in ("busy_timeout=30000", "foreign_keys=ON", "synchronous=NORMAL", "journal_mode=WAL"):
        connection.execute(f"PRAGMA {pragma}")
