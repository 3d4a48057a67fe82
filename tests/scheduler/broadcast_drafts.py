"""Broadcasts to some friends: drafted, sent, and how far they are."""

from collections.abc import Callable
from typing import Any

from scheduler import broadcast_progress, broadcasts, drafts
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from segments.db import Database
from tests.builders import many_friends

EVERYONE = {"is": "everyone"}
HELLO = {"ja": [{"type": "text", "text": "こんにちは"}], "en": [{"type": "text", "text": "Hello"}]}
PERSONAL = {"ja": [{"type": "text", "text": "{{ name }}様"}]}
Run = Callable[[], int]


def some_friends(database: Database, count: int, **values: Any) -> list[str]:
    with database.begin() as session:
        return [friend.line_user_id or "" for friend in many_friends(session, count, **values)]


def a_draft(dispatcher: Dispatcher, content: dict[str, Any] | None = None, **values: Any) -> int:
    with dispatcher.database.begin() as session:
        made: dict[str, Any] = {
            "name": "秋のお知らせ",
            "content": HELLO if content is None else content,
            "condition": EVERYONE,
        }
        draft = Draft(**(made | values))
        return drafts.create(session, draft, now=dispatcher.clock.now(), by="test").id


def send(dispatcher: Dispatcher, broadcast_id: int) -> None:
    with dispatcher.database.begin() as session:
        broadcasts.schedule(session, dispatcher.queue, broadcast_id, None, dispatcher.clock.now())


def lost(_chunk_id: int) -> None:
    """A job that the engine forgot."""


def progress_of(dispatcher: Dispatcher, broadcast_id: int) -> broadcast_progress.Progress:
    with dispatcher.database.begin() as session:
        return broadcast_progress.progress(session, broadcast_id)
