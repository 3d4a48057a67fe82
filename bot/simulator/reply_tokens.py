"""Reply tokens: good once, within a minute of the webhook that brought them."""

from bot.simulator import ids
from bot.simulator.errors import LineError
from bot.simulator.state import State

LIFE_MS = 60_000
LIFE_REDELIVERED_MS = 20 * 60_000


class ReplyTokens:
    """Issues and takes reply tokens."""

    def __init__(self, state: State) -> None:
        self._state = state

    def issue(self, person: int | None, event_at: int) -> str:
        """A token for an event; `person` None for a group chat."""
        token = ids.token()
        self._state.write(
            "INSERT INTO reply_tokens (token, person, event_at) VALUES (?, ?, ?)", (token, person, event_at)
        )
        return token

    def sent(self, token: str, at: int) -> None:
        """The webhook with this token went out (again): its minute begins."""
        self._state.write("UPDATE reply_tokens SET sent_at = ? WHERE token = ?", (at, token))

    def take(self, token: str, now_ms: int) -> int | None:
        """Use the token up; answer the number of the person it speaks to. Raises LineError 400."""
        row = self._state.row("SELECT * FROM reply_tokens WHERE token = ? AND used = 0", (token,))
        if row is None or not _alive(row["event_at"], row["sent_at"], now_ms):
            raise LineError(400, "Invalid reply token")
        self._state.write("UPDATE reply_tokens SET used = 1 WHERE token = ?", (token,))
        return row["person"]


def _alive(event_at: int, sent_at: int | None, now_ms: int) -> bool:
    since = event_at if sent_at is None else sent_at
    return now_ms - since <= LIFE_MS and now_ms - event_at <= LIFE_REDELIVERED_MS
