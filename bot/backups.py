"""Copies of an SQLite database, made while it works, and one of them put back in its place."""

import os
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from alembic.script import ScriptDirectory

from bot.migrations import config_for
from scheduler import kill_switch
from segments.db import Database
from segments.errors import Conflict, Invalid

PAGES = 2_000
"""Pages of 4 kB copied between two breaths: writers wait for one of them at most."""
BESIDE = ("-wal", "-shm")
"""What belongs to an SQLite file while it is open, and after kill -9."""
LOCK_SECONDS = 2.0
ACTOR = "restore"


def copy(database: Database, target: Path) -> int:
    """Copy the database as of one moment to the new file `target`; return its bytes.

    Raises Conflict("backup_exists"). What is half made never stands under the name `target`.
    """
    if target.exists():
        raise Conflict("backup_exists", path=str(target))
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        _copy(file_of(database), part)
        check(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def put_back(backup: Path, database: Database, now: datetime) -> Path | None:
    """Put a copy in the database's place and stop all sending; return where what stood there lies now.

    Raises Invalid("backup_unreadable") or Invalid("backup_newer"), and Conflict("backup_in_use") while a program has it open.
    """
    check(backup, database)
    target = file_of(database)
    database.dispose()
    if target.exists() and _is_in_use(target):
        raise Conflict("backup_in_use")
    part = target.with_name(f".{target.name}.restored")
    part.unlink(missing_ok=True)
    _copy(backup, part)
    aside = _put_aside(target, now)
    part.replace(target)
    _stop_sending(database, now)
    return aside


def file_of(database: Database) -> Path:
    """Return the file of an SQLite database."""
    return Path(database.url.database or "")


def check(backup: Path, database: Database | None = None) -> None:
    """Refuse a file that is damaged or no database of ours; with `database` also one of a newer program."""
    try:
        with _opened(backup) as source:
            sound = source.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
            revision = str(source.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    except (sqlite3.DatabaseError, TypeError) as error:
        raise Invalid("backup_unreadable", path=str(backup)) from error
    if not sound:
        raise Invalid("backup_unreadable", path=str(backup))
    if database is not None and revision not in _known(database):
        raise Invalid("backup_newer", path=str(backup))


def _known(database: Database) -> set[str]:
    return {each.revision for each in ScriptDirectory.from_config(config_for(database)).walk_revisions()}


@contextmanager
def _opened(path: Path) -> Generator[sqlite3.Connection]:
    """Open a file for reading only: a name that does not exist must not become an empty database."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def _copy(source: Path, target: Path) -> None:
    target.touch(mode=0o600)
    with _opened(source) as reader, closing(sqlite3.connect(target)) as writer:
        reader.backup(writer, pages=PAGES)
    with target.open("rb") as whole:
        os.fsync(whole.fileno())


def _is_in_use(target: Path) -> bool:
    """Tell whether a program has the file open: only who is alone with it may leave the write-ahead log."""
    try:
        with closing(sqlite3.connect(target, timeout=LOCK_SECONDS)) as connection:
            return connection.execute("PRAGMA journal_mode=DELETE").fetchone() != ("delete",)
    except sqlite3.OperationalError:
        return True
    except sqlite3.DatabaseError:
        # It is damaged, which may be why somebody restores.
        return False


def _put_aside(target: Path, now: datetime) -> Path | None:
    if not target.exists():
        return None
    aside = target.with_name(f"{target.name}.before-{now:%Y%m%dT%H%M%S}")
    for ending in ("", *BESIDE):
        own = target.with_name(target.name + ending)
        if own.exists():
            own.replace(aside.with_name(aside.name + ending))
    return aside


def _stop_sending(database: Database, now: datetime) -> None:
    """What was sent since the copy is unknown to it: a person looks before anything leaves again."""
    with database.begin() as session:
        if not kill_switch.is_stopped(session):
            kill_switch.stop_everything(session, ACTOR, now)
