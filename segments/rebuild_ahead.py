"""Learns from all purchases ahead of the rebuild, in processes of its own, while the rebuild writes; on SQLite only.

Two processes read half of the purchases each; one of them then learns, and drafts what is to be written. Both look
at the file as it was at about the same moment; what changed since the first of them looked `Ahead.holds` finds out.
"""

import os
import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from segments import purchase_scan
from segments.db import Database
from segments.purchase_columns import Ints
from segments.purchase_scan import Print
from segments.rebuild_draft import Draft, draft
from segments.rules import Rules, rules_of
from segments.taking_in import Lesson, lesson_of
from segments.working_ahead import CONTEXT, Parts, running, tell, undisturbed

_READ_ONLY = ("PRAGMA query_only=ON", "PRAGMA cache_size=-16000")
_PRODUCTS = "SELECT id, category, settling_count, upgrade_of_id, subscription_days FROM products ORDER BY id"
_HALF = "SELECT ifnull(min(id) + (max(id) - min(id)) / 2, 0), ifnull(max(id), 0) FROM purchases"
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
    draft: Draft | None
    """What is to be written, if nobody wrote since this part was asked for."""

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
def learning_ahead(path: str, after: int, size: int, rules: Rules, now: datetime) -> Generator[Parts[Ahead]]:
    """Start learning of all friends with ids beyond `after`, `size` of them in each part."""
    here, there = CONTEXT.Pipe()
    mine, yours = CONTEXT.Pipe()
    learner = (_learn, (there, mine, path, after, size, rules, now))
    with closing(here), running(learner, (_help, (yours, path)), ends=(there, mine, yours)):
        yield Parts(here)


def _learn(
    told: Connection, helper: Connection, path: str, after: int, size: int, rules: Rules, now: datetime
) -> None:
    tell(told, lambda wait: _parts(helper, path, after, size, rules, now, wait))


def _help(learner: Connection, path: str) -> None:
    """Sort the second half in, and hand the open files over: nothing is left on the disk when either is killed."""

    def sort() -> None:
        firsts, after, last, process = learner.recv()
        with _snapshot(path) as connection:
            files = purchase_scan.sort_in(connection, firsts, after, last)
        for file in files:
            reduction.send_handle(learner, file.fileno(), process)

    undisturbed(sort)


def _parts(
    helper: Connection, path: str, after: int, size: int, rules: Rules, now: datetime, wait: Callable[[], Any]
) -> Generator[Ahead]:
    """Give what is learned of all friends, each part when it is asked for."""
    with _snapshot(path) as connection:
        last_news: int = connection.execute(_LAST_NEWS).fetchone()[0]
        products = connection.execute(_PRODUCTS).fetchall()
        catalogue = purchase_scan.products(connection)
        ids = connection.execute("SELECT id FROM friends WHERE id > ? ORDER BY id", (after,))
        friend_ids = np.fromiter((one for (one,) in ids), np.int64)
        if not len(friend_ids) or friend_ids[-1] > purchase_scan.LARGEST_FRIEND:
            return
        firsts = purchase_scan.first_ids(friend_ids, size)
        middle, last = connection.execute(_HALF).fetchone()
        helper.send((firsts, middle, last, os.getpid()))
        files = purchase_scan.sort_in(connection, firsts, 0, middle)
    others = (os.fdopen(reduction.recv_handle(helper), "rb") for _ in firsts)
    database = Database(f"sqlite:///{path}", pool_size=1)
    for some in purchase_scan.ranges(catalogue, friend_ids, size, zip(files, others, strict=True)):
        lesson = lesson_of(some.bought, rules)
        wait()
        with database.reading() as session:
            drafted = draft(session, some.friend_ids, lesson, rules, now)
        yield Ahead(some.friend_ids, lesson, some.print, last_news, products, rules, drafted)


@contextmanager
def _snapshot(path: str) -> Generator[sqlite3.Connection]:
    """Open the file for reading as it is now; at the end the write-ahead log may be folded in again."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in _READ_ONLY:
            connection.execute(pragma)
        connection.execute("BEGIN")
        yield connection
