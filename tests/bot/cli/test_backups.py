"""`kokyaku db backup` and `restore`: everything is found again, and nothing leaves before somebody looked."""

import sqlite3
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from scheduler import engine, kill_switch
from scheduler.models import Message
from segments.db import Database
from segments.models import Friend, Purchase
from tests.bot.cli.terminal import Terminal
from tests.builders import a_friend, a_message, a_purchase
from tests.databases import PostgresServer
from tests.processes import ROOT

TABLES = (Friend, Purchase, Message)


def fill(database: Database, count: int = 3) -> None:
    with database.begin() as session:
        for number in range(count):
            friend = a_friend(session, display_name=f"友だち{number}")
            a_purchase(session, friend)
        a_message(session)


def contents(database: Database) -> list[int]:
    with database.reading() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]


def is_stopped(database: Database) -> bool:
    with database.reading() as session:
        return kill_switch.is_stopped(session)


def test_a_copy_made_while_working_and_put_back_holds_everything(sqlite: Database, tmp_path: Path) -> None:
    terminal, copy = Terminal(sqlite, tmp_path), tmp_path / "copy.sqlite"
    fill(sqlite)
    before = contents(sqlite)
    # A writer has the database open all the while.
    with sqlite.reading() as session:
        session.scalar(select(Friend.id).limit(1))
        assert "に保存しました" in terminal.run("db", "backup", str(copy)).output
    fill(sqlite)
    sqlite.dispose()
    answer = terminal.run("db", "restore", str(copy), "--yes")
    assert answer.exit_code == 0, answer.output
    assert contents(sqlite) == before
    assert is_stopped(sqlite), "what left since the copy is unknown to it"
    (aside,) = tmp_path.glob("kokyaku.sqlite.before-*")
    old = Database(f"sqlite:///{aside}")
    assert contents(old) == [2 * count for count in before]
    old.dispose()


def test_a_copy_is_put_back_where_nothing_is_left(sqlite: Database, tmp_path: Path) -> None:
    terminal, copy = Terminal(sqlite, tmp_path), tmp_path / "copy.sqlite"
    fill(sqlite)
    before = contents(sqlite)
    assert terminal.run("db", "backup", str(copy)).exit_code == 0
    sqlite.dispose()
    for file in tmp_path.glob("kokyaku.sqlite*"):
        file.unlink()
    assert terminal.run("db", "restore", str(copy), "--yes").exit_code == 0
    assert contents(sqlite) == before


def test_a_copy_never_overwrites_a_file_and_is_readable_by_us_alone(sqlite: Database, tmp_path: Path) -> None:
    terminal, copy = Terminal(sqlite, tmp_path), tmp_path / "copy.sqlite"
    assert terminal.run("db", "backup", str(copy)).exit_code == 0
    assert copy.stat().st_mode & 0o077 == 0
    assert "すでにあります" in terminal.refusal("db", "backup", str(copy))


def test_what_is_no_copy_of_ours_is_refused_and_nothing_changes(sqlite: Database, tmp_path: Path) -> None:
    terminal = Terminal(sqlite, tmp_path)
    fill(sqlite)
    before = contents(sqlite)
    (tmp_path / "text").write_text("これはデータベースではありません" * 100, encoding="utf-8")
    sqlite3.connect(tmp_path / "empty").close()
    for name in ("text", "empty", "nowhere"):
        assert "読めません" in terminal.refusal("db", "restore", str(tmp_path / name), "--yes")
    assert contents(sqlite) == before
    assert not is_stopped(sqlite)


def test_a_copy_of_a_newer_program_is_refused(sqlite: Database, tmp_path: Path) -> None:
    terminal, copy = Terminal(sqlite, tmp_path), tmp_path / "copy.sqlite"
    assert terminal.run("db", "backup", str(copy)).exit_code == 0
    with sqlite3.connect(copy) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert "新しいバージョン" in terminal.refusal("db", "restore", str(copy), "--yes")


def test_nothing_is_put_under_a_program_that_runs(sqlite: Database, tmp_path: Path) -> None:
    terminal, copy = Terminal(sqlite, tmp_path), tmp_path / "copy.sqlite"
    assert terminal.run("db", "backup", str(copy)).exit_code == 0
    with sqlite.reading() as session:
        session.scalar(select(Friend.id).limit(1))
        assert "動いています" in terminal.refusal("db", "restore", str(copy), "--yes")
    sqlite.dispose()
    assert terminal.run("db", "restore", str(copy), "--yes").exit_code == 0


def test_a_damaged_database_is_put_aside_for_its_copy(sqlite: Database, tmp_path: Path) -> None:
    terminal, copy = Terminal(sqlite, tmp_path), tmp_path / "copy.sqlite"
    fill(sqlite)
    before = contents(sqlite)
    assert terminal.run("db", "backup", str(copy)).exit_code == 0
    sqlite.dispose()
    (tmp_path / "kokyaku.sqlite").write_bytes(b"damaged" * 5000)
    assert terminal.run("db", "restore", str(copy), "--yes").exit_code == 0
    assert contents(sqlite) == before


@pytest.mark.parametrize(
    ("words", "tool"),
    [
        (("backup",), "pg_dump --format=custom"),
        (("restore", "--yes"), "pg_restore --no-owner --exit-on-error"),
    ],
)
def test_on_postgresql_its_own_tools_are_named_as_the_manual_has_them(
    postgres: PostgresServer, tmp_path: Path, words: tuple[str, ...], tool: str
) -> None:
    with postgres.copy() as database:
        told = Terminal(database, tmp_path).refusal("db", *words, str(tmp_path / "copy"))
    assert tool in told
    for manual in ("operations.md", "operations.ja.md"):
        assert tool in (ROOT / "docs" / manual).read_text(encoding="utf-8")


def test_a_dump_of_postgresql_as_the_manual_says_holds_everything(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with postgres.copy() as database, postgres.copy(empty=True) as other:
        engine.migrate(database)
        fill(database)
        dump, source, target = (tmp_path / "shop.dump", *map(_address, (database, other)))
        for command in (
            [postgres.tool("pg_dump"), "--format=custom", f"--file={dump}", source],
            [postgres.tool("pg_restore"), "--no-owner", "--exit-on-error", f"--dbname={target}", dump],
        ):
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603 — tools of our own server
        assert contents(other) == contents(database)
        with other.reading() as session:
            assert session.scalar(text("SELECT count(*) FROM dbos.workflow_status")) == 0, "jobs come along"


def _address(database: Database) -> str:
    return database.url.set(drivername="postgresql").render_as_string(hide_password=False)
