"""Everything exported: whole, safe for spreadsheets, without a secret, watched and stopped on the way."""

import csv
import json
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from sqlalchemy import func, select

from bot import export_jobs, export_tables, exporting, operators
from bot.models import DataExport, ExportPiece, ExportState, Operator, Role
from segments import shop
from segments.db import Base, Database
from segments.errors import Conflict
from segments.models import Setting
from tests.builders import a_friend, a_purchase
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.queue import FakeQueue


def a_shop(database: Database) -> None:
    """Add friends and purchases, an operator, and a setting with a secret."""
    with database.begin() as session:
        for number in range(3):
            a_purchase(session, a_friend(session, display_name=f"=HYPERLINK({number})"))
        operators.create(session, "hanako", "花子", Role.OWNER, "ringo mikan budou", A_SATURDAY)
        mail = {"host": "mail", "password": "himitsu-1"}
        session.add(Setting(name="mail", value=mail, updated_at=A_SATURDAY))
        session.add(Setting(name="card_secret", value={"key": "himitsu-2"}, updated_at=A_SATURDAY))


def asked(database: Database, queue: FakeQueue) -> int:
    """Ask for an export and return its number."""
    with database.begin() as session:
        return exporting.ask(session, queue, "operator:1", A_SATURDAY).id


def test_the_file_holds_every_table_that_matters_and_no_secret(database: Database, clock: FakeClock) -> None:
    a_shop(database)
    export_id = asked(database, FakeQueue())
    export_jobs.run(database, clock, export_id)
    whole = b"".join(exporting.pieces(database, export_id))
    with ZipFile(BytesIO(whole)) as file:
        assert file.testzip() is None
        sheets = {name: file.read(name).decode("utf-8-sig") for name in file.namelist()}
    assert set(sheets) == {f"{table.name}.csv" for table in export_tables.tables()} | {"shop.json"}
    friends = list(csv.DictReader(StringIO(sheets["friends.csv"])))
    assert [row["display_name"] for row in friends] == [f"'=HYPERLINK({number})" for number in range(3)]
    assert len(list(csv.DictReader(StringIO(sheets["purchases.csv"])))) == 3
    assert {each["name"] for each in json.loads(sheets["shop.json"])["settings"]} == {"mail"}
    with database.reading() as session:
        hashed = session.scalars(select(Operator.password_hash)).one()
        made = exporting.load(session, export_id)
        assert (made.state, made.size) == (ExportState.DONE, len(whole))
        assert made.rows <= made.expected + len(sheets)
    for secret in (hashed, "himitsu-1", "himitsu-2"):
        assert all(secret not in sheet for sheet in sheets.values())


def test_every_table_either_leaves_or_is_machinery() -> None:
    assert set(Base.metadata.tables) >= export_tables.MACHINERY
    assert {"friends", "purchases", "purchase_items", "chat_messages", "deliveries", "friend_notes"} <= {
        table.name for table in export_tables.tables()
    }


def test_a_table_is_read_whole_in_pages_by_any_key(sqlite: Database) -> None:
    a_shop(sqlite)
    with sqlite.reading() as session:
        for table in export_tables.tables():
            there = session.scalar(select(func.count()).select_from(table)) or 0
            hidden = 1 if table.name == "settings" else 0
            lines = list(export_tables.lines(session, table, shop.load(session).zone, page=2))
            assert len(lines) == 1 + there - hidden, table.name


def test_one_export_at_a_time_and_a_cancelled_one_leaves_nothing(sqlite: Database, clock: FakeClock) -> None:
    a_shop(sqlite)
    export_id = asked(sqlite, FakeQueue())
    with sqlite.begin() as session, pytest.raises(Conflict, match="export_running"):
        exporting.ask(session, FakeQueue(), "operator:1", A_SATURDAY)
    with sqlite.begin() as session:
        exporting.cancel(session, export_id, A_SATURDAY)
    export_jobs.run(sqlite, clock, export_id)
    with sqlite.begin() as session:
        assert exporting.load(session, export_id).state is ExportState.CANCELLED
        assert session.scalar(select(func.count()).select_from(ExportPiece)) == 0
        with pytest.raises(Conflict, match="export_over"):
            exporting.cancel(session, export_id, A_SATURDAY)


def test_a_file_is_deleted_when_its_time_is_over(sqlite: Database, clock: FakeClock) -> None:
    export_id = asked(sqlite, FakeQueue())
    export_jobs.run(sqlite, clock, export_id)
    # Run again after a crash at the very end: what is done stays done.
    export_jobs.run(sqlite, clock, export_id)
    with sqlite.begin() as session:
        exporting.drop_expired(session, A_SATURDAY)
        assert exporting.load(session, export_id).state is ExportState.DONE
        exporting.drop_expired(session, A_SATURDAY + exporting.KEPT_FOR)
        session.expire_all()
        assert session.get_one(DataExport, export_id).state is ExportState.GONE
        assert session.scalar(select(func.count()).select_from(ExportPiece)) == 0


def test_a_folder_gets_the_same_files(sqlite: Database, tmp_path: Path) -> None:
    a_shop(sqlite)
    with sqlite.reading() as session:
        exporting.write_folder(session, tmp_path / "out", A_SATURDAY, lambda _rows: None)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"{table.name}.csv" for table in export_tables.tables()} | {"shop.json"}
