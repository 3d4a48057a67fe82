"""The LINE of a rehearsal: the simulator over real HTTP, with the shop's own friends on it."""

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from http.client import HTTPConnection
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from bot.settings import Settings
from bot.simulator.config import SimulatorConfig
from bot.simulator.server import start
from segments.db import Database
from segments.models import Friend

SECRET = "rehearsal-channel-secret"  # noqa: S105 — guards nothing but a simulator that lives as long as the rehearsal
TOKEN = "rehearsal-access-token"  # noqa: S105
PAGE = 10_000


class RehearsedLine:
    """The simulator's controls at one address, over one connection."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.url = f"http://127.0.0.1:{port}"

    def add(self, line_user_ids: Sequence[str], language: str) -> None:
        """Have people with these ids follow the shop; nobody is told of it."""
        for start_at in range(0, len(line_user_ids), PAGE):
            asked = {"ids": line_user_ids[start_at : start_at + PAGE], "language": language}
            self._call("POST", "/sim/friends", asked)

    def move_to(self, now: datetime) -> None:
        """Let it be `now` there, and stay so."""
        self._call("PUT", "/sim/clock", {"frozen": True, "now": now.isoformat()})

    def allow(self, messages: int | None, used: int) -> None:
        """Set this month's quota, None for no limit, and what is used of it."""
        self._call("PUT", "/sim/quota", {"value": messages, "used": used})

    def used(self) -> int:
        """Return how many messages are counted in the present month."""
        return int(self._call("GET", "/sim/counts?friends=0")["quota"]["used"])

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        with self._connection.getresponse() as answer:
            found: dict[str, Any] = json.load(answer)
        if answer.status >= 400:
            message = f"the simulator refused {path}: {answer.status}"
            raise RuntimeError(message)
        return found


@contextmanager
def a_line(seed: int) -> Generator[RehearsedLine]:
    """Serve a simulator on a free port for as long as the block lasts; it keeps everything in memory."""
    config = SimulatorConfig(
        channel_secret=SECRET, channel_access_tokens=(TOKEN,), rate_limits=False, seed=seed
    )
    with start(config) as running:
        line = RehearsedLine(running.port)
        try:
            yield line
        finally:
            line.close()


def settings_for(settings: Settings, url: str) -> Settings:
    """Return the settings with the rehearsed channel in the real one's place: nothing can reach a real friend."""
    return settings.model_copy(
        update={
            "channel_secret": SecretStr(SECRET),
            "channel_access_token": SecretStr(TOKEN),
            "channel_id": "",
            "line_api_base_url": url,
        }
    )


def populate(database: Database, line: RehearsedLine) -> int:
    """Add everybody who can be reached now; return how many."""
    with database.reading() as session:
        found = session.execute(
            select(Friend.line_user_id, Friend.language)
            .where(Friend.line_user_id.is_not(None), Friend.blocked_at.is_(None))
            .order_by(Friend.id)
        ).all()
    by_language: dict[str, list[str]] = {}
    for line_user_id, language in found:
        by_language.setdefault(language, []).append(str(line_user_id))
    for language, ids in by_language.items():
        line.add(ids, language)
    return len(found)
