"""Accepting a send: retry key, recipients, quota and the record of it, in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.simulator import ids
from bot.simulator.channel import Channel
from bot.simulator.clock import SimulatorClock, day_of, month_of
from bot.simulator.errors import MONTHLY_LIMIT, LineError
from bot.simulator.json_types import JsonObject, compact
from bot.simulator.people import Person
from bot.simulator.retry_keys import RetryClaim, RetryKeys
from bot.simulator.state import Connection, State

UNITS_A_MONTH = 1000
_QUOTABLE = {"text", "textV2", "sticker", "image", "video", "template"}

Recipients = Callable[[], Sequence[Person]]


@dataclass(frozen=True)
class Sending:
    """One checked request: `recipients` is asked inside the transaction and may refuse."""

    endpoint: str
    messages: Sequence[JsonObject]
    recipients: Recipients
    retry: RetryClaim | None = None
    unit: str | None = None
    counted: bool = True


@dataclass(frozen=True)
class Accepted:
    """What LINE answers to a send, and whom it reached."""

    request_id: str
    sent_messages: list[JsonObject]
    delivered: int


class Sender:
    """The part of the platform that takes messages in."""

    def __init__(self, state: State, clock: SimulatorClock, channel: Channel) -> None:
        self._state = state
        self._clock = clock
        self._channel = channel
        self.retry_keys = RetryKeys(state)

    def accept(self, sending: Sending, request_id: str) -> Accepted:
        """Deliver at once. Raises LineError 409, 400 or 429 and then changes nothing."""
        now = self._clock.now_ms()
        with self._state.transaction() as connection:
            if sending.retry is not None:
                self.retry_keys.refuse_accepted(connection, sending.retry, now)
            reached = [person.no for person in sending.recipients() if person.reachable(now)]
            if sending.counted:
                self._count(connection, len(reached), now)
            return self._record(connection, sending, reached, request_id, now)

    def remaining(self) -> int | None:
        """Messages left this month, None for no limit."""
        quota = self._channel.quota()
        return None if quota is None else max(0, quota - self.used())

    def used(self) -> int:
        """Messages counted this month (in Japan)."""
        month = month_of(self._clock.now_ms())
        return self._state.number("SELECT messages FROM usage WHERE month = ?", (month,))

    def set_used(self, messages: int) -> None:
        """Pretend that this many were counted this month."""
        month = month_of(self._clock.now_ms())
        self._state.write("INSERT OR REPLACE INTO usage VALUES (?, ?)", (month, messages))

    def _count(self, connection: Connection, messages: int, now: int) -> None:
        left = self.remaining()
        if left is not None and messages > left:
            raise LineError(429, MONTHLY_LIMIT)
        connection.execute(
            "INSERT INTO usage VALUES (?, ?) ON CONFLICT DO UPDATE SET messages = messages + excluded.messages",
            (month_of(now), messages),
        )

    def _record(
        self, connection: Connection, sending: Sending, reached: Sequence[int], request_id: str, now: int
    ) -> Accepted:
        sent = self._sent_messages(sending)
        body = compact(sending.messages)
        cursor = connection.execute(
            "INSERT INTO sends (request_id, endpoint, at, day, body_hash, messages, message_ids, unit, delivered)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (request_id, sending.endpoint, now, day_of(now), ids.digest(body), body,
             compact([message["id"] for message in sent]), sending.unit, len(reached)),
        )  # fmt: skip
        send = cursor.lastrowid
        connection.executemany(
            "INSERT INTO chat (person, at, send) VALUES (?, ?, ?)", [(no, now, send) for no in reached]
        )
        self._note(connection, sending, len(reached), now)
        if sending.retry is not None:
            shown = sent if sending.endpoint == "push" else []
            self.retry_keys.burn(connection, sending.retry, request_id, shown, now)
        return Accepted(request_id, sent, len(reached))

    def _sent_messages(self, sending: Sending) -> list[JsonObject]:
        first = self._state.take_numbers("messages", len(sending.messages))
        sent: list[JsonObject] = []
        for number, message in enumerate(sending.messages, first):
            quote = {"quoteToken": ids.token(48)} if message["type"] in _QUOTABLE else {}
            sent.append({"id": ids.message_id(number), **quote})
        return sent

    def _note(self, connection: Connection, sending: Sending, delivered: int, now: int) -> None:
        connection.execute(
            "INSERT INTO daily VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET messages = messages + excluded.messages",
            (day_of(now), sending.endpoint, delivered),
        )
        if sending.unit is not None:
            # Beyond 1,000 names a month LINE sends all the same, but without the unit.
            connection.execute(
                "INSERT OR IGNORE INTO units SELECT ?1, ?2 WHERE (SELECT count(*) FROM units WHERE month = ?1) < ?3",
                (month_of(now), sending.unit, UNITS_A_MONTH),
            )
