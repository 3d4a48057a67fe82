"""Tells whether some process does without indexes at the moment: a lock that is free again however its holder ended."""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, func, select

from segments.db import Database

_KEY = 0x6B6F6B7B
"""Of PostgreSQL's advisory locks."""
SUFFIX = ".bulk"
"""Of the file beside an SQLite database that is locked; it is empty, and stays."""


@contextmanager
def shared(database: Database) -> Generator[None]:
    """Hold the lock beside others who do without indexes; wait for who makes them."""
    if database.is_sqlite:
        with _file(database) as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield
        return
    with _connection(database) as connection:
        connection.execute(select(func.pg_advisory_lock_shared(_KEY)))
        yield


@contextmanager
def alone(database: Database) -> Generator[bool]:
    """Hold the lock if nobody else does, and tell whether that is so; nobody is waited for."""
    if database.is_sqlite:
        with _file(database) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        return
    with _connection(database) as connection:
        yield connection.execute(select(func.pg_try_advisory_lock(_KEY))).scalar_one()


def _file(database: Database) -> IO[str]:
    return Path(f"{database.url.database}{SUFFIX}").open("a")


@contextmanager
def _connection(database: Database) -> Generator[Connection]:
    connection = database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        yield connection
    finally:
        # The connection itself holds the lock: it must end, not go back to the pool.
        connection.invalidate()
        connection.close()
