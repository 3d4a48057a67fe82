"""What the tests of the webhook and the inbox share: services of one process, events as LINE sends them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.line import handlers
from bot.line.inbox import HandlerOf, Inbox
from bot.line.ports import ConversationGateway
from bot.line.raw_events import row_of
from bot.models import InboundEvent
from bot.services import Services
from bot.settings import Settings
from scheduler.jobs import Job
from segments import friends
from segments.clock import Clock
from segments.db import Base, Database
from segments.models import ChatMessage, Friend, Question
from segments.upsert import insert_ignore
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway

SECRET = "simulator-channel-secret"
_numbers = count(1)

Event = dict[str, Any]
T = TypeVar("T", bound=Base)


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


class Chat:
    """A shop's chat: events go in as the webhook would store them, answers come out of the fake platform."""

    def __init__(
        self,
        database: Database,
        clock: FakeClock,
        gateway: FakeGateway | None = None,
        handler_of: HandlerOf = handlers.of,
    ) -> None:
        self.database = database
        self.clock = clock
        self.gateway = gateway or FakeGateway()
        self.inbox = Inbox(services_of(database, clock, self.gateway), handler_of)

    def store(self, *events: Event) -> None:
        """Put events into the inbox, each with a reply token when it would have one."""
        now = self.clock.now()
        with self.database.begin() as session:
            insert_ignore(session, InboundEvent, [row_of(self._answerable(event), now) for event in events])

    def receive(self, *events: Event) -> None:
        """Store events and handle everything that is due."""
        self.store(*events)
        self.work()

    def work(self) -> int:
        """Handle everything that is due."""
        total = 0
        while done := self.inbox.run_once():
            total += done
        return total

    def write(self, friend: str, text: str) -> list[str]:
        """Let a friend write now; return what they are answered."""
        return self._answers(friend, a_text(friend, text, self.clock.now()))

    def tap(self, friend: str, data: str) -> list[str]:
        """Let a friend tap a button now; return what they are answered."""
        return self._answers(friend, a_postback(friend, data, self.clock.now()))

    def follow(self, friend: str, **more: Any) -> list[str]:
        """Let a friend follow now; return how they are greeted."""
        return self._answers(friend, an_event("follow", friend, self.clock.now(), **more))

    def last(self, friend: str) -> dict[str, Any]:
        """Return the newest message object a friend got."""
        return self.gateway.objects_to(friend)[-1]

    def friend(self, line_user_id: str) -> Friend:
        """Return a friend's row."""
        with self.database.reading() as session:
            found = friends.by_line_id(session, line_user_id)
            assert found is not None
            return found

    def rows(self, table: type[T]) -> list[T]:
        """Return every row of a table."""
        with self.database.reading() as session:
            return list(session.scalars(select(table)))

    def questions(self) -> list[str]:
        """Return the texts of questions that wait for a person."""
        with self.database.reading() as session:
            texts = select(ChatMessage.text).join(Question, Question.message_id == ChatMessage.id)
            return list(session.scalars(texts.where(Question.answered_at.is_(None)).order_by(Question.id)))

    def _answers(self, friend: str, event: Event) -> list[str]:
        before = len(self.gateway.sent_to(friend))
        self.receive(event)
        return self.gateway.sent_to(friend)[before:]

    def _answerable(self, event: Event) -> Event:
        if event.get("type") not in {"message", "postback", "follow", "accountLink"}:
            return event
        return {"replyToken": self.gateway.reply_token(event["source"]["userId"])} | event
