"""The port to the job engine: what may be put on its queue, and under which names."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from sqlalchemy.orm import Session

JobArgument = int | str | None
JobFunction = Callable[..., None]


class Job(StrEnum):
    """Every kind of durable job. A job is a chunk, a plan, a tick: never one friend."""

    SEND_CHUNK = "send_chunk"
    SEND_MAIL = "send_mail"
    PLAN_BROADCAST = "plan_broadcast"
    TICK = "tick"
    REFRESH = "refresh"
    NIGHTLY = "nightly"
    LINK_MENUS = "link_menus"
    TAG_FRIENDS = "tag_friends"
    EXPORT = "export"
    TRY_POLICY = "try_policy"
    IMPORT = "import_file"
    ANALYSE = "analyse"
    GIVE_COUPONS = "give_coupons"


Jobs = Mapping[Job, JobFunction]


class JobQueue(Protocol):
    """Takes jobs inside the caller's transaction: they exist if and only if it commits."""

    def enqueue(
        self, session: Session, job: Job, job_id: str, *args: JobArgument, delay: timedelta | None = None
    ) -> None:
        """Put a job on its queue; the same `job_id` twice is one job."""
        ...

    def unfinished(self, job_ids: list[str]) -> set[str]:
        """Return those of `job_ids` that still wait, are delayed or run."""
        ...
