"""What the tests of the webhook and the inbox share: services of one process, events as LINE sends them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from bot.line.ports import ConversationGateway
from bot.services import Services
from bot.settings import Settings
from scheduler.jobs import Job
from segments.clock import Clock
from segments.db import Database
from tests.fakes.clock import A_SATURDAY

SECRET = "simulator-channel-secret"
_numbers = count(1)

Event = dict[str, Any]


class NoJobs:
    """A job queue that nothing in these tests should need."""

    def enqueue(
        self, session: Session, job: Job, job_id: str, *args: Any, delay: timedelta | None = None
    ) -> None:
        """Refuse."""
        raise AssertionError(f"{job} was enqueued")

    def unfinished(self, job_ids: list[str]) -> set[str]:
        """None."""
        return set()


def services_of(
    database: Database, clock: Clock, gateway: ConversationGateway, **environment: str
) -> Services:
    """Return the services of one process."""
    settings = Settings.model_validate({"LINE_CHANNEL_SECRET": SECRET, **environment})
    return Services(settings=settings, database=database, clock=clock, gateway=gateway, queue=NoJobs())


def an_event(kind: str, friend: str, at: datetime = A_SATURDAY, **more: Any) -> Event:
    """Return one webhook event as LINE sends it."""
    event: Event = {
        "type": kind,
        "mode": "active",
        "timestamp": int(at.timestamp() * 1000),
        "source": {"type": "user", "userId": friend},
        "webhookEventId": f"01{next(_numbers):024d}",
        "deliveryContext": {"isRedelivery": False},
    }
    return event | more


def a_text(friend: str, text: str, at: datetime = A_SATURDAY, **more: Any) -> Event:
    """Return the event of a friend writing `text`."""
    message = {"type": "text", "id": str(next(_numbers)), "text": text, "quoteToken": "q"}
    return an_event("message", friend, at, message=message, **more)


def a_message(friend: str, kind: str, at: datetime = A_SATURDAY, **more: Any) -> Event:
    """Return the event of a friend sending something other than text."""
    message: Mapping[str, Any] = {"type": kind, "id": str(next(_numbers))}
    return an_event("message", friend, at, message=dict(message), **more)


def a_postback(friend: str, data: str, at: datetime = A_SATURDAY, **more: Any) -> Event:
    """Return the event of a friend tapping a button."""
    return an_event("postback", friend, at, postback={"data": data}, **more)


def a_line_id() -> str:
    """Return an id of nobody yet."""
    return f"U{uuid4().hex}"
