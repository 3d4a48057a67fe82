"""A shop with any number of friends for the benchmark of sending, its messages, and broadcasts begun and watched."""

from dataclasses import replace
from datetime import time
from threading import Event
from typing import Any

from sqlalchemy import text

from scheduler import broadcasts, drafts, kill_switch
from scheduler.drafts import Draft
from scheduler.engine import DbosQueue
from scheduler.models import Broadcast, BroadcastState
from segments import contact_policy, shop
from segments.clock import SystemClock
from segments.contact_policy import ContactPolicy, Limits
from segments.db import Base, Database
from segments.models import Facts, Friend

LOOK_SECONDS = 0.2
IDENTICAL = {"ja": [{"type": "text", "text": "秋の新茶が入りました。今週末まで店頭でお試しいただけます。"}]}


def a_text(words: str, **more: Any) -> dict[str, Any]:
    """Return a text component of a bubble."""
    return {"type": "text", "text": words, "wrap": True, **more}


def a_button(label: str, uri: str) -> dict[str, Any]:
    """Return a button that opens a page."""
    return {"type": "button", "style": "primary", "action": {"type": "uri", "label": label, "uri": uri}}


BUBBLE = {
    "type": "bubble",
    "hero": {
        "type": "image",
        "url": "https://shop.example/autumn.jpg",
        "size": "full",
        "aspectRatio": "20:13",
        "aspectMode": "cover",
    },
    "body": {
        "type": "box",
        "layout": "vertical",
        "spacing": "md",
        "contents": [
            a_text("秋の新茶が入りました", weight="bold", size="xl", color="#1F6B4F"),
            a_text(
                "{{ name_sama }}、いつもありがとうございます。今年の新茶は香りがよく、すっきりとした甘みです。"
            ),
            {"type": "separator"},
            {
                "type": "box",
                "layout": "baseline",
                "contents": [
                    a_text("これまでのお買い物", size="sm", flex=2),
                    a_text("{{ purchase_count }}回", size="sm", flex=1),
                ],
            },
            a_text("{{ shop_name or '当店' }}でお待ちしております。", size="sm", color="#666666"),
        ],
    },
    "footer": {
        "type": "box",
        "layout": "vertical",
        "spacing": "sm",
        "contents": [
            a_button("くわしく見る", "https://shop.example/tea?name={{ name | url }}"),
            a_button("お店の場所", "https://shop.example/map"),
        ],
    },
}
PERSONAL: dict[str, Any] = {
    "ja": [{"type": "flex", "altText": "{{ name_sama }}、秋の新茶のご案内です", "contents": BUBBLE}]
}


def fill(database: Database, friends: int) -> None:
    """Add friends who follow, with their facts, by copying one row."""
    now = SystemClock().now()
    with database.begin() as session:
        first = Friend(line_user_id="U" + "0" * 32, display_name="友だち0", created_at=now, followed_at=now)
        session.add(first)
        session.flush()
        session.add(Facts(friend_id=first.id, stage_since=now))
        shop.save(session, replace(shop.load(session), quiet_from=time(0), quiet_until=time(0)), now)
        # One run sends more in an hour than the contact plan allows in a month; it is asked all the same.
        roomy = ContactPolicy(Limits(week=40, month=40, sales_percent=100), {})
        contact_policy.save(session, roomy, "benchmark", now)
        session.flush()
        user_id = "printf('U%032x', n)" if database.is_sqlite else "'U' || lpad(to_hex(n), 32, '0')"
        _copy(
            session, "friends", {"id": "n", "line_user_id": user_id, "display_name": "'友だち' || n"}, friends
        )
        _copy(session, "facts", {"friend_id": "n", "purchase_count": "n % 9"}, friends)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _copy(session: Any, table: str, own: dict[str, str], count: int) -> None:
    columns = list(Base.metadata.tables[table].columns.keys())
    values = ", ".join(own.get(name, f"one.{name}") for name in columns)
    series = (
        f"WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})"  # noqa: S608
        if session.get_bind().dialect.name == "sqlite"
        else f"WITH numbers(n) AS (SELECT generate_series(2, {count}))"
    )
    session.execute(
        text(
            f"INSERT INTO {table} ({', '.join(columns)}) {series} "  # noqa: S608 — names of our own tables
            f"SELECT {values} FROM numbers, (SELECT * FROM {table} ORDER BY 1 LIMIT 1) AS one"
        )
    )


class Sender:
    """Begins broadcasts and watches them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue = DbosQueue(database)
        self._clock = SystemClock()
        self._pause = Event()

    def draft(self, content: dict[str, Any]) -> int:
        """Compose a broadcast to everyone."""
        with self._database.begin() as session:
            draft = Draft(name="measure", content=content, condition={"is": "everyone"})
            return drafts.create(session, draft, now=self._clock.now(), by="bench").id

    def start(self, broadcast_id: int) -> None:
        """Send it now."""
        with self._database.begin() as session:
            broadcasts.schedule(session, self._queue, broadcast_id, None, self._clock.now())

    def pause(self, broadcast_id: int) -> None:
        """Pause it."""
        with self._database.begin() as session:
            broadcasts.pause(session, broadcast_id, self._clock.now())

    def resume(self, broadcast_id: int) -> None:
        """Go on."""
        with self._database.begin() as session:
            broadcasts.resume(session, self._queue, broadcast_id, self._clock.now())

    def stop_everything(self) -> None:
        """Turn the kill switch."""
        with self._database.begin() as session:
            kill_switch.stop_everything(session, "bench", self._clock.now())

    def start_again(self) -> None:
        """Turn it back."""
        with self._database.begin() as session:
            kill_switch.start_again(session, self._queue, "bench", self._clock.now())

    def wait(self, broadcast_id: int, state: BroadcastState, seconds: float = 900) -> Broadcast:
        """Return the broadcast when it has come to `state`."""
        for _ in range(int(seconds / LOOK_SECONDS)):
            with self._database.reading() as session:
                found = session.get_one(Broadcast, broadcast_id)
            if found.state is state or (state is BroadcastState.SENDING and found.planned_at):
                return found
            self._pause.wait(LOOK_SECONDS)
        message = f"the broadcast did not become {state}"
        raise TimeoutError(message)

    def wait_a_little(self, seconds: float) -> None:
        """Let the workers work."""
        self._pause.wait(seconds)

    def close(self) -> None:
        """Let go of the engine's connections."""
        self._queue.close()
