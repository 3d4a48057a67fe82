"""The database layer: moments, and the two kinds of transaction."""

from datetime import UTC, datetime, timedelta, timezone
from sqlite3 import Connection as Sqlite
from threading import Event, Thread
from time import monotonic

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, StatementError

from segments.db import Database
from segments.models import Friend

NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)


def test_a_moment_comes_back_in_utc_to_the_microsecond(database: Database) -> None:
    in_tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    with database.begin() as session:
        session.add(Friend(line_user_id="U1", created_at=in_tokyo))
    with database.reading() as session:
        stored = session.scalars(select(Friend.created_at)).one()
    assert stored == NOON
    assert stored.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="needs a zone"), database.begin() as session:
        session.add(Friend(line_user_id="U1", created_at=NOON.replace(tzinfo=None)))
        session.flush()


def test_an_error_rolls_the_whole_transaction_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.begin() as session:
        session.add(Friend(line_user_id="U1", created_at=NOON))
        session.flush()
        _ = 1 / 0
    with database.reading() as session:
        assert session.scalars(select(Friend)).all() == []


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.begin() as writer:
        writer.add(Friend(line_user_id="U1", created_at=NOON))
        writer.flush()
        with database.reading() as reader:
            assert reader.scalars(select(Friend)).all() == []


def test_an_error_of_the_database_does_not_quote_what_friends_wrote(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught, database.begin() as session:
        session.execute(text("SELECT :said FROM nowhere"), {"said": "秘密のことば"})
    assert "秘密" not in str(caught.value)


def test_a_writer_waits_for_its_turn_and_then_has_the_usual_patience(sqlite: Database) -> None:
    begun, done = Event(), Event()

    def write_too() -> None:
        begun.set()
        with sqlite.begin() as session:
            session.add(Friend(line_user_id="U2", created_at=NOON))
        done.set()

    other = Thread(target=write_too)
    with sqlite.begin() as session:
        session.add(Friend(line_user_id="U1", created_at=NOON))
        session.flush()  # With its first statement it has the lock.
        other.start()
        assert begun.wait(10)
        assert not done.is_set()
    assert done.wait(10)
    other.join()
    with sqlite.begin() as session:
        assert session.scalars(select(Friend.line_user_id).order_by(Friend.id)).all() == ["U1", "U2"]
        assert session.scalar(text("PRAGMA busy_timeout")) == 30_000


def test_a_writer_is_not_starved_by_one_that_hardly_ever_stops(sqlite: Database) -> None:
    stop = Event()

    def write_on() -> None:
        while not stop.is_set():
            with sqlite.begin() as session:
                session.execute(text("UPDATE friends SET display_name = 'x'"))
                stop.wait(0.01)

    other = Thread(target=write_on)
    other.start()
    waits: list[float] = []
    for _ in range(20):
        begun = monotonic()
        with sqlite.begin() as session:
            waits.append(monotonic() - begun)
            session.execute(text("UPDATE friends SET display_name = 'y'"))
    stop.set()
    other.join()
    # SQLite's own way of waiting needs half a second for every tenth turn, and seconds for some.
    assert sorted(waits)[len(waits) // 2] < 1


def test_a_connection_given_back_while_others_are_at_work_keeps_nothing_of_the_file(sqlite: Database) -> None:
    done: list[str] = []
    with sqlite.reading() as session:
        connection = session.connection().connection.driver_connection
        assert isinstance(connection, Sqlite)
        connection.set_trace_callback(done.append)
    assert "PRAGMA shrink_memory" not in done, "alone it keeps its cache for the next"
    with sqlite.reading() as session, sqlite.reading() as other:
        session.execute(text("SELECT 1"))
        other.execute(text("SELECT 1"))
        session.close()
    assert "PRAGMA shrink_memory" in done
