"""Files handed in: kept piece by piece, tried without a trace, imported as a job that can be stopped or begin anew."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from segments.clock import Clock
from segments.db import Database
from segments.errors import Conflict, Invalid
from segments.imports import preview, uploaded, uploads
from segments.imports.options import ImportOptions
from segments.models import (
    ImportRun,
    ImportState,
    Product,
    Purchase,
    RefusedLine,
    Upload,
    UploadPart,
    UploadState,
)
from tests.builders import a_friend, a_product
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.segments.imports.files import csv_text

NOW = A_SATURDAY
HEADER = "伝票番号,売上日,会員番号,売上金額,商品コード,点数"
ROWS = [
    ("A-1", "令和8年11月1日", "M-1", "1,000円", "TEA", "1"),
    ("A-2", "2026/11/03 14:30", "M-1", "abc", "TEA", "1"),
    ("A-3", "2026-11-05", "M-2", "2000", "TEA", "2"),
]
MAPPING = {"売上金額": "amount"}


class Office:
    """Hands files in and works on them."""

    def __init__(self, database: Database, folder: Path, clock: Clock) -> None:
        self.database, self.folder, self.clock = database, folder, clock

    def hand_in(self, content: bytes, kind: str = "purchases") -> int:
        """Keep a file."""
        path = self.folder / "handed"
        path.write_bytes(content)
        with self.database.begin() as session:
            return uploads.take(session, kind, "売上.csv", path, "operator:1", NOW).id

    def ask(self, upload_id: int, *, rehearsal: bool, **choices: object) -> int:
        """Ask for work and return its attempt."""
        with self.database.begin() as session:
            return uploads.ask(session, upload_id, choices, rehearsal=rehearsal).attempt

    def do(self, upload_id: int, *, rehearsal: bool = False, **choices: object) -> Upload:
        """Ask for work and do it."""
        uploaded.work(
            self.database, self.clock, upload_id, self.ask(upload_id, rehearsal=rehearsal, **choices)
        )
        return self.upload(upload_id)

    def upload(self, upload_id: int) -> Upload:
        """Return a file as it stands."""
        with self.database.reading() as session:
            return uploads.found(session, upload_id)

    def count(self, table: type) -> int:
        """Return how many rows a table has."""
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def runs(self) -> list[ImportRun]:
        """Return every run."""
        with self.database.reading() as session:
            return list(session.scalars(select(ImportRun).order_by(ImportRun.id)))


@pytest.fixture
def office(database: Database, tmp_path: Path, clock: FakeClock) -> Office:
    with database.begin() as session:
        a_friend(session, member_number="M-1")
        a_product(session, code="TEA", price_yen=1000)
    return Office(database, tmp_path, clock)


def text() -> bytes:
    return csv_text(HEADER, ROWS).encode("cp932")


def test_a_file_comes_back_byte_by_byte_and_its_beginning_ends_with_a_line(office: Office) -> None:
    content = ("名前,金額\r\n" + "さくら,1000\r\n" * 200_000).encode()
    number = office.hand_in(content)
    upload = office.upload(number)
    assert (upload.size, upload.encoding) == (len(content), "utf-8-sig")
    with office.database.reading() as session:
        with uploads.opened(session, upload) as path:
            assert path.read_bytes() == content
        with uploads.opened(session, upload, beginning=True) as path:
            beginning = path.read_bytes()
    assert content.startswith(beginning)
    assert beginning.endswith(b"\r\n")
    assert len(beginning) < uploads.PART + 1


def test_a_trial_keeps_nothing_and_tells_what_the_import_then_does(office: Office) -> None:
    number = office.hand_in(text())
    assert office.do(number, rehearsal=True, mapping=MAPPING).state is UploadState.DONE
    assert (office.count(Purchase), office.count(UploadPart)) == (0, 1)
    assert office.do(number, mapping=MAPPING).state is UploadState.DONE
    tried, done = office.runs()
    assert (tried.is_rehearsal, done.is_rehearsal) == (True, False)
    told = [(run.created, run.accepted, run.unchanged, run.refused, run.by) for run in (tried, done)]
    assert told == [(2, 2, 0, 1, "operator:1")] * 2
    assert (office.count(Purchase), office.count(RefusedLine)) == (2, 2)
    assert office.count(UploadPart) == 0  # the bytes have done their work
    assert done.file_name == "売上.csv"


def test_the_same_file_again_is_recognised_and_records_nothing_twice(office: Office) -> None:
    first = office.hand_in(text())
    office.do(first, mapping=MAPPING)
    second = office.hand_in(text())
    with office.database.reading() as session:
        known = uploads.earlier(session, uploads.found(session, second))
        assert known is not None
        assert known.upload_id == first
    office.do(second, mapping=MAPPING)
    assert office.count(Purchase) == 2
    assert [(run.created, run.unchanged) for run in office.runs()] == [(2, 0), (0, 2)]


def test_who_asks_twice_is_told_that_it_is_under_way(office: Office) -> None:
    number = office.hand_in(text())
    office.ask(number, rehearsal=True)
    with pytest.raises(Conflict, match="upload_busy"):
        office.ask(number, rehearsal=False)


def test_what_waits_is_cancelled_at_once_and_its_job_does_nothing(office: Office) -> None:
    number = office.hand_in(text())
    attempt = office.ask(number, rehearsal=False, mapping=MAPPING)
    with office.database.begin() as session:
        uploads.cancel(session, number, NOW)
    uploaded.work(office.database, office.clock, number, attempt)
    assert office.upload(number).state is UploadState.CANCELLED
    assert (office.count(Purchase), office.runs()) == (0, [])


def test_a_running_import_stops_after_the_lines_in_hand(office: Office) -> None:
    rows = [(f"B-{n}", "2026-11-01", "M-1", 100, "TEA", 1) for n in range(1500)]
    number = office.hand_in(csv_text(HEADER, rows).encode())
    attempt = office.ask(number, rehearsal=False, mapping=MAPPING)
    with office.database.begin() as session:
        session.get_one(Upload, number).cancel_asked_at = NOW
    uploaded.work(office.database, office.clock, number, attempt)
    assert office.upload(number).state is UploadState.CANCELLED
    assert [run.state for run in office.runs()] == [ImportState.CANCELLED]
    assert office.count(Purchase) <= 1000
    assert office.do(number, mapping=MAPPING).state is UploadState.DONE
    assert office.count(Purchase) == 1500


def test_after_a_crash_the_run_that_was_cut_short_is_closed_and_the_rest_goes_in(office: Office) -> None:
    number = office.hand_in(text())
    attempt = office.ask(number, rehearsal=False, mapping=MAPPING)
    with office.database.begin() as session:
        session.get_one(Upload, number).state = UploadState.RUNNING
        cut = ImportRun(kind="purchases", file_name="売上.csv", started_at=NOW, upload_id=number)
        session.add(cut)
    uploaded.work(office.database, office.clock, number, attempt)
    assert [run.state for run in office.runs()] == [ImportState.FAILED, ImportState.DONE]
    assert office.count(Purchase) == 2
    uploaded.work(office.database, office.clock, number, attempt)  # told twice of the same job
    assert len(office.runs()) == 2


def test_a_file_without_a_needed_column_fails_with_its_reason(office: Office) -> None:
    number = office.hand_in("番号,購入日\r\n1,2026-11-01\r\n".encode())
    failed = office.do(number)
    assert failed.state is UploadState.FAILED
    assert failed.failure is not None
    assert failed.failure["code"] == "columns_missing"


@pytest.mark.parametrize(
    ("content", "code"), [(b"PK\x03\x04zip", "spreadsheet_file"), (b"", "csv_empty"), (b"a\0b", "nul_byte")]
)
def test_what_is_no_text_is_refused_when_it_is_handed_in(office: Office, content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        office.hand_in(content)
    assert refused.value.code == code
    assert office.count(Upload) == 0


def test_excels_unicode_text_is_read(office: Office) -> None:
    number = office.hand_in("商品コード\t商品名\t価格\r\nPOT\t急須\t3000\r\n".encode("utf-16"), "products")
    assert office.do(number).state is UploadState.DONE
    with office.database.reading() as session:
        assert session.scalars(select(Product.name).where(Product.code == "POT")).one() == "急須"


def test_files_nobody_imported_are_forgotten_after_a_week(office: Office) -> None:
    office.hand_in(text())
    tried = office.hand_in(text())
    office.do(tried, rehearsal=True)
    with office.database.begin() as session:
        assert uploads.forget(session, NOW + timedelta(days=6)) == 0
        assert uploads.forget(session, NOW + timedelta(days=8)) == 2
    assert (office.count(Upload), office.count(UploadPart)) == (1, 0)
    with pytest.raises(Conflict, match="upload_gone"):
        office.ask(tried, rehearsal=False)


def test_the_first_lines_are_shown_as_they_would_be_read(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "beginning.csv"
    path.write_bytes(text())
    unmapped = preview.preview(path, "cp932", "purchases", ImportOptions(mapping={"売上金額": ""}), NOW)
    assert unmapped.problem is not None
    assert unmapped.problem.code == "columns_missing"
    assert [each.field for each in unmapped.columns][:4] == ["order_id", "date", "member_number", ""]
    shown = preview.preview(path, "cp932", "purchases", ImportOptions(mapping=MAPPING), NOW)
    assert (shown.problem, list(shown.fields)[:2]) == (None, ["order_id", "date"])
    first, second, _ = shown.lines
    assert (first.values["order_id"], first.values["amount"], first.values["quantity"]) == ("A-1", 1000, 1)
    assert first.values["date"].isoformat() == "2026-10-31T15:00:00+00:00"
    assert second.problem is not None
    assert (second.problem.code, second.column) == ("amount_unreadable", "売上金額")
