"""Requests that come together are stored together, and none pays for another's trouble."""

from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError

from bot.line.raw_events import row_of
from bot.line.storing import Store
from bot.models import InboundEvent
from segments.db import Database
from tests.bot.line.support import a_line_id, a_text
from tests.databases import PostgresServer
from tests.fakes.clock import A_SATURDAY

TOGETHER, ROUNDS = 12, 10


def a_row(**more: Any) -> dict[str, Any]:
    return row_of(a_text(a_line_id(), "こんにちは"), A_SATURDAY) | more


def stored(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(InboundEvent)) or 0


@contextmanager
def a_store(database: Database) -> Generator[Store]:
    store = Store(database)
    try:
        yield store
    finally:
        store.close()


def keep_at_once(store: Store, requests: list[list[dict[str, Any]]]) -> list[Future[None]]:
    begin = Barrier(len(requests))

    def keep(rows: list[dict[str, Any]]) -> None:
        begin.wait()
        store.keep(rows)

    with ThreadPoolExecutor(len(requests)) as pool:
        return [pool.submit(keep, rows) for rows in requests]


def test_requests_that_come_at_once_share_transactions_and_lose_nothing(database: Database) -> None:
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *said: statements.append(said[2]))
    with a_store(database) as store:
        for _ in range(ROUNDS):
            for future in keep_at_once(store, [[a_row()] for _ in range(TOGETHER)]):
                future.result()
    inserts = sum(each.startswith("INSERT") for each in statements)
    assert stored(database) == TOGETHER * ROUNDS
    assert inserts < TOGETHER * ROUNDS


def test_a_request_that_cannot_be_stored_fails_alone(database: Database) -> None:
    with a_store(database) as store:
        for _ in range(ROUNDS):
            good = [[a_row(), a_row()] for _ in range(TOGETHER - 1)]
            bad, *others = keep_at_once(store, [[a_row(kind=None)], *good])
            for future in others:
                future.result()
            with pytest.raises(IntegrityError):
                bad.result()
    assert stored(database) == 2 * (TOGETHER - 1) * ROUNDS


def test_the_same_event_in_requests_that_come_at_once_is_stored_once(database: Database) -> None:
    row = a_row()
    with a_store(database) as store:
        for future in keep_at_once(store, [[row, a_row(), row] for _ in range(TOGETHER)]):
            future.result()
    assert stored(database) == TOGETHER + 1


def test_after_a_restart_of_the_server_the_next_request_is_stored(postgres: PostgresServer) -> None:
    with postgres.copy() as database, a_store(database) as store:
        store.keep([a_row()])
        with postgres.down():
            pass
        store.keep([a_row()])
        assert stored(database) == 2
