"""Carries webhook events to the bot: one ordered queue, one thread, redelivery and the asked-for disorder."""

import json
import threading
from collections import deque

from bot.simulator.channel import Channel
from bot.simulator.clock import SimulatorClock
from bot.simulator.faults import Faults
from bot.simulator.json_types import JsonObject, compact
from bot.simulator.parcels import Parcel, Shelf
from bot.simulator.reply_tokens import ReplyTokens
from bot.simulator.state import State
from bot.simulator.webhook_post import PostResult, post


class Courier:
    """Takes events in order and delivers them from its own thread, which starts with the first event."""

    def __init__(
        self, state: State, clock: SimulatorClock, channel: Channel, faults: Faults, tokens: ReplyTokens
    ) -> None:
        self._state, self._clock, self._channel, self._faults, self._tokens = (
            state,
            clock,
            channel,
            faults,
            tokens,
        )
        self._shelf = Shelf(faults)
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()
        for row in state.rows("SELECT no, event FROM webhooks WHERE state = 'pending' ORDER BY no"):
            self._enqueue(Parcel(row["no"], json.loads(row["event"])))

    def send(self, event: JsonObject) -> str:
        """Queue one event; answer its webhookEventId. With webhooks off it is only noted."""
        target = self._channel.webhook()
        on = target is not None and target.active
        no = self._state.take_numbers("webhooks")
        self._state.write(
            "INSERT INTO webhooks (no, event, state) VALUES (?, ?, ?)",
            (no, compact(event), "pending" if on else "off"),
        )
        if on:
            self._enqueue(Parcel(no, event))
        return str(event["webhookEventId"])

    def flush(self, timeout: float) -> bool:
        """Deliver all that is queued without waiting for delays; False when `timeout` seconds were not enough."""
        return self._shelf.hurry(timeout)

    def clear(self) -> None:
        """Forget what is queued."""
        self._shelf.clear()

    def stop(self) -> None:
        """End the thread; what is queued stays in the state for the next start."""
        self._shelf.close()
        with self._guard:
            if self._thread is not None:
                self._thread.join()

    def _enqueue(self, parcel: Parcel) -> None:
        with self._guard:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="webhook-courier", daemon=True)
                self._thread.start()
        self._shelf.put(parcel)

    def _run(self) -> None:
        while parcels := self._shelf.take():
            try:
                self._deliver(deque(parcels))
            finally:
                self._shelf.done()

    def _deliver(self, parcels: deque[Parcel]) -> None:
        result = self._post(parcels)
        if self._faults.strikes("duplicate_webhooks"):
            self._post(parcels)
        for parcel in parcels:
            again = not result.ok and self._delay(parcel) is not None
            self._note(parcel, result, "pending" if again else "delivered" if result.ok else "failed")
            if again:
                self._shelf.put_later(parcel.redelivered(), self._delay(parcel) or 0)

    def _delay(self, parcel: Parcel) -> float | None:
        delays = self._channel.config.redelivery_delays if self._channel.redelivery else ()
        return delays[parcel.attempts] if parcel.attempts < len(delays) else None

    def _post(self, parcels: deque[Parcel]) -> PostResult:
        target = self._channel.webhook()
        if target is None:
            return PostResult(None, 0, "no webhook address")
        for parcel in parcels:
            if "replyToken" in parcel.event:
                self._tokens.sent(parcel.event["replyToken"], self._clock.now_ms())
        destination = self._channel.config.bot_user_id
        body = compact({"destination": destination, "events": [parcel.event for parcel in parcels]}).encode()
        return post(target.url, body, self._channel.secret, self._channel.config.webhook_timeout)

    def _note(self, parcel: Parcel, result: PostResult, state: str) -> None:
        self._state.write(
            "UPDATE webhooks SET state = ?, attempts = ?, status = ?, ms = ?, error = ? WHERE no = ?",
            (state, parcel.attempts + 1, result.status, result.ms, result.error, parcel.no),
        )
