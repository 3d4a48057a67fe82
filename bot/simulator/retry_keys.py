"""Retry keys: one accepted request for each key within 24 hours."""

import json
import uuid
from dataclasses import dataclass

from bot.simulator import ids
from bot.simulator.errors import LineError
from bot.simulator.json_types import JsonObject, compact
from bot.simulator.state import Connection, State

LIFE_MS = 24 * 3600 * 1000
HEADER = "X-Line-Retry-Key"


@dataclass(frozen=True)
class RetryClaim:
    """A request's key, with a fingerprint of the endpoint and the raw body it came with."""

    key: str
    fingerprint: str


class RetryKeys:
    """Remembers which keys were accepted."""

    def __init__(self, state: State) -> None:
        self._state = state

    def refuse_accepted(self, connection: Connection, claim: RetryClaim, now_ms: int) -> None:
        """Raise LineError 409 when the key was accepted less than 24 hours ago."""
        row = connection.execute("SELECT * FROM retry_keys WHERE key = ?", (claim.key,)).fetchone()
        if row is None or now_ms - row["at"] >= LIFE_MS:
            return
        sent: list[JsonObject] = json.loads(row["sent"])
        if row["body_hash"] != claim.fingerprint:
            raise _mismatch(row["request_id"], sent)
        raise _already_accepted(row["request_id"], sent)

    def burn(
        self, connection: Connection, claim: RetryClaim, request_id: str, sent: list[JsonObject], now_ms: int
    ) -> None:
        """Remember an accepted key."""
        connection.execute(
            "INSERT OR REPLACE INTO retry_keys VALUES (?, ?, ?, ?, ?)",
            (claim.key, now_ms, request_id, claim.fingerprint, compact(sent)),
        )


class KeyBodyMismatchError(LineError):
    """409 for an accepted key that came back with another body: a fault of the sender, counted apart."""


def claim_of(header: str | None, endpoint: str, body: bytes) -> RetryClaim | None:
    """The claim a request makes, None without the header. Raises LineError 400 for a key that is no UUID."""
    if header is None:
        return None
    if ids.RETRY_KEY.fullmatch(header) is None:
        raise LineError(400, f"The retry key is invalid: {HEADER} must be a UUID")
    return RetryClaim(str(uuid.UUID(header)), ids.digest(f"{endpoint} {body.decode(errors='replace')}"))


def _already_accepted(
    request_id: str, sent: list[JsonObject], kind: type[LineError] = LineError
) -> LineError:
    return kind(
        409,
        "The retry key is already accepted",
        headers={"x-line-accepted-request-id": request_id},
        extra={"sentMessages": sent} if sent else None,
    )


def _mismatch(request_id: str, sent: list[JsonObject]) -> LineError:
    return _already_accepted(request_id, sent, KeyBodyMismatchError)
