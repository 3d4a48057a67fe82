"""Learns from all purchases ahead of the rebuild, in a process of its own, while the rebuild writes; on SQLite only."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from segments import purchase_scan
from segments.purchase_columns import Ints
from segments.purchase_scan import Print, ranges
from segments.rules import Rules, rules_of
from segments.taking_in import Lesson, lesson_of

_READ_ONLY = ("PRAGMA query_only=ON", "PRAGMA cache_size=-16000")
_PRODUCTS = "SELECT id, category, settling_count, upgrade_of_id, subscription_days FROM products ORDER BY id"
_LAST_NEWS = "SELECT ifnull(max(id), 0) FROM customer_events"
_REFUNDS = (
    "SELECT 1 FROM customer_events WHERE id > ? AND kind = 'refunded' AND friend_id BETWEEN ? AND ? LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What was learned of some friends, and by what it can be told whether it still holds."""

    friend_ids: Ints
    lesson: Lesson
    print: Print
    last_news: int
    """The newest news there was when the purchases were read; every refund makes some."""
    products: list[Any]
    rules: Rules

    def holds(self, session: Session) -> bool:
        """Tell whether nothing that it was learned from has changed since; nobody else writes meanwhile."""
        connection = session.connection().connection.driver_connection
        assert connection is not None
        first, last = int(self.friend_ids[0]), int(self.friend_ids[-1])
        return (
            rules_of(session) == self.rules
            and purchase_scan.print_of(connection, first, last) == self.print
            and connection.execute(_LAST_NEWS).fetchone()[0] >= self.last_news
            and connection.execute(_REFUNDS, (self.last_news, first, last)).fetchone() is None
            and connection.execute(_PRODUCTS).fetchall() == self.products
        )


@contextmanager
def learning_ahead(path: str, after: int, size: int, rules: Rules) -> Generator[Connection]:
    """Start learning of all friends with ids beyond `after`; the connection gives an Ahead for each `size` of them.

    It raises EOFError at the end, or when the process was killed: what is missing then is to be learned otherwise.
    """
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_learn, args=(there, path, after, size, rules), daemon=True)
    process.start()
    there.close()
    try:
        yield here
    finally:
        here.close()  # who is still learning finds nobody to tell
        process.terminate()
        process.join()


def _learn(told: Connection, path: str, after: int, size: int, rules: Rules) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in _READ_ONLY:
            connection.execute(pragma)
        connection.execute("BEGIN")
        last_news: int = connection.execute(_LAST_NEWS).fetchone()[0]
        products = connection.execute(_PRODUCTS).fetchall()
        ids = connection.execute("SELECT id FROM friends WHERE id > ? ORDER BY id", (after,))
        friend_ids = np.fromiter((one for (one,) in ids), np.int64)
        if not len(friend_ids) or friend_ids[-1] > purchase_scan.LARGEST_FRIEND:
            return
        for some in ranges(connection, friend_ids, size):
            if connection.in_transaction:
                connection.execute("COMMIT")  # all is read: the write-ahead log may be folded in again
            lesson = lesson_of(some.bought, rules)
            told.send(Ahead(some.friend_ids, lesson, some.print, last_news, products, rules))
