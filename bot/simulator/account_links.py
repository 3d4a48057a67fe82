"""Link tokens: ten minutes, once."""

from bot.simulator import ids
from bot.simulator.people import Person
from bot.simulator.state import State

LIFE_MS = 10 * 60 * 1000


class LinkTokens:
    """Issues and takes link tokens."""

    def __init__(self, state: State) -> None:
        self._state = state

    def issue(self, person: Person, now_ms: int) -> str:
        """A token with which `person` may link an account."""
        token = ids.token()
        self._state.write("INSERT INTO link_tokens VALUES (?, ?, ?)", (token, person.no, now_ms))
        return token

    def take(self, token: str, now_ms: int) -> int | None:
        """Use a token up; the number of its person, None when it is unknown, used or too old."""
        with self._state.transaction() as connection:
            row = connection.execute(
                "DELETE FROM link_tokens WHERE token = ? RETURNING *", (token,)
            ).fetchone()
        if row is None or now_ms - row["at"] > LIFE_MS:
            return None
        return int(row["person"])
