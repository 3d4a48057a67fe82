"""Who of the tick gets a turn between two bells: those that may find something, told by one query for all of them."""

from datetime import datetime

from bot.rehearsal import due
from segments import shop
from segments.db import Database


class Turns:
    """Says before each transaction of one tick whether it may find anything.

    An idle transaction takes as long as this query, which answers for a dozen of them.
    """

    def __init__(self, database: Database, now: datetime) -> None:
        self._database = database
        self._now = now
        self._due: frozenset[str] | None = None

    def __call__(self, part: str) -> bool:
        """Return whether a part may find anything; only then does the copy change, and all are asked about again."""
        if self._due is None:
            self._due = self._ask()
        if part not in self._due:
            return False
        self._due = None
        return True

    def _ask(self) -> frozenset[str]:
        with self._database.reading() as session:
            return due.parts_due(session, self._now, shop.load(session).today(self._now))
