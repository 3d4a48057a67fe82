"""The simulated people: friends, those who blocked the account, and strangers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.simulator import ids
from bot.simulator.state import Row, State

STRANGER_REACH_MS = 7 * 24 * 3600 * 1000  # someone who wrote without adding us can be pushed for seven days
_FAMILY = ("佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤", "吉田", "山田")
_GIVEN = ("花子", "太郎", "さくら", "健", "陽子", "翔", "美咲", "大輔", "結衣", "直樹", "葵", "蓮", "千尋")
_ENGLISH = ("Alice", "Ben", "Chloe", "Daniel", "Emma", "Finn", "Grace", "Hugo", "Isla", "Jack", "Kate")


class Standing(StrEnum):
    """How a person stands to the account."""

    FRIEND = "friend"
    BLOCKED = "blocked"
    STRANGER = "stranger"


@dataclass(frozen=True)
class Person:
    """One LINE user; `wrote_at` is the last message to the account in ms."""

    no: int
    user_id: str
    name: str
    language: str
    standing: Standing
    was_friend: bool
    wrote_at: int | None
    rich_menu: str | None

    @property
    def known(self) -> bool:
        """Whether the channel has ever met this person: its API knows no others."""
        return self.standing is not Standing.STRANGER or self.wrote_at is not None

    def reachable(self, now_ms: int) -> bool:
        """Whether a message sent now would arrive, and so count."""
        if self.standing is Standing.STRANGER:
            return self.wrote_at is not None and now_ms - self.wrote_at <= STRANGER_REACH_MS
        return self.standing is Standing.FRIEND


class People:
    """Finds and changes people in the state."""

    def __init__(self, state: State, seed: int) -> None:
        self._state = state
        self._seed = seed

    def make(
        self,
        count: int,
        names: Sequence[str],
        language: str,
        standing: Standing,
        user_ids: Sequence[str] = (),
    ) -> list[Person]:
        """`count` new people; given names and user ids come first, then made-up ones."""
        first = self._state.take_numbers("people", count)
        rows = [
            (user_ids[i] if i < len(user_ids) else ids.user_id(self._seed, n),
             names[i] if i < len(names) else made_up_name(n, language), language, standing,
             standing is Standing.FRIEND)
            for i, n in enumerate(range(first, first + count))
        ]  # fmt: skip
        self._state.write_many(
            "INSERT INTO people (user_id, name, language, status, was_friend) VALUES (?, ?, ?, ?, ?)", rows
        )
        found = self._state.rows("SELECT * FROM people ORDER BY no DESC LIMIT ?", (count,))
        return [_person(row) for row in reversed(found)]

    def find(self, user_id: str) -> Person | None:
        """The person with this user id, if the channel knows one."""
        row = self._state.row("SELECT * FROM people WHERE user_id = ?", (user_id,))
        return None if row is None else _person(row)

    def numbered(self, no: int) -> Person:
        """The person with this internal number."""
        row = self._state.row("SELECT * FROM people WHERE no = ?", (no,))
        if row is None:
            raise KeyError(no)
        return _person(row)

    def among(self, user_ids: Sequence[str]) -> dict[str, Person]:
        """Those of the user ids the channel knows, at most some hundreds at a time."""
        marks = ",".join("?" * len(user_ids))
        found = self._state.rows(f"SELECT * FROM people WHERE user_id IN ({marks})", user_ids)  # noqa: S608 - only ?
        return {row["user_id"]: _person(row) for row in found}

    def friends(self) -> list[Person]:
        """Everyone who is a friend and has not blocked the account."""
        return [
            _person(row)
            for row in self._state.rows("SELECT * FROM people WHERE status = 'friend' ORDER BY no")
        ]

    def page(self, after: int, limit: int, standing: Standing | None = None) -> list[Person]:
        """Up to `limit` people with a number above `after`."""
        found = self._state.rows(
            "SELECT * FROM people WHERE no > ? AND (? IS NULL OR status = ?) ORDER BY no LIMIT ?",
            (after, standing, standing, limit),
        )
        return [_person(row) for row in found]

    def latest(self, limit: int) -> list[Person]:
        """The newest people first."""
        return [
            _person(row)
            for row in self._state.rows("SELECT * FROM people ORDER BY no DESC LIMIT ?", (limit,))
        ]

    def counts(self) -> dict[str, int]:
        """How many stand how."""
        found = self._state.rows("SELECT status, count(*) AS n FROM people GROUP BY status")
        return {**dict.fromkeys(Standing, 0), **{row["status"]: row["n"] for row in found}}

    def befriend(self, person: Person) -> None:
        """The person adds or unblocks the account."""
        self._state.write("UPDATE people SET status = 'friend', was_friend = 1 WHERE no = ?", (person.no,))

    def block(self, person: Person) -> None:
        """The person blocks the account."""
        self._state.write("UPDATE people SET status = 'blocked' WHERE no = ?", (person.no,))

    def wrote(self, person: Person, at: int) -> None:
        """The person wrote to the account."""
        self._state.write("UPDATE people SET wrote_at = ? WHERE no = ?", (at, person.no))


def made_up_name(number: int, language: str) -> str:
    """A plausible display name, the same for the same number."""
    if language != "ja":
        return f"{_ENGLISH[number % len(_ENGLISH)]} {number}"
    return f"{_FAMILY[number % len(_FAMILY)]} {_GIVEN[number % len(_GIVEN)]}"


def _person(row: Row) -> Person:
    return Person(
        no=row["no"],
        user_id=row["user_id"],
        name=row["name"],
        language=row["language"],
        standing=Standing(row["status"]),
        was_friend=bool(row["was_friend"]),
        wrote_at=row["wrote_at"],
        rich_menu=row["rich_menu"],
    )
