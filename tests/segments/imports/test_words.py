"""Reasons in words, on the screen and in the file of refused lines."""

import csv
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import segments
from segments.imports import harmless, reason_words, write_refusals
from segments.imports.words import knows
from tests.segments.imports.files import Desk, csv_text

TOKYO = ZoneInfo("Asia/Tokyo")
SOURCES = ("imports/*.py", "orders.py", "lookups.py", "recording.py", "products.py")


def test_every_reason_has_words() -> None:
    root = Path(segments.__path__[0])
    texts = [path.read_text(encoding="utf-8") for pattern in SOURCES for path in root.glob(pattern)]
    raised = {
        code for text in texts for code in re.findall(r'(?:Invalid|NotFound|Conflict)\(\s*"(\w+)"', text)
    }
    named = {code for text in texts for code in re.findall(r'return "(date_\w+)"', text)}
    assert {code for code in raised | named if not knows(code)} == {"refund_not_positive"} & raised


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "ja",
            "購入日「昨日」は日付として読めません。2026-11-21 や 令和8年11月21日 のように書いてください。",
        ),
        ("en", "購入日 昨日 is no date. Write it like 2026-11-21."),
    ],
)
def test_a_reason_is_told_in_the_operators_language(language: str, words: str) -> None:
    assert reason_words("date_unreadable", {"column": "購入日", "given": "昨日"}, language) == words


def test_a_reason_without_words_or_parameters_is_told_by_its_code() -> None:
    assert reason_words("whatever", {}, "ja") == "取り込めませんでした（whatever）。"
    assert "date_unreadable" in reason_words("date_unreadable", {}, "en")


def test_an_order_that_differs_shows_both_sides_in_the_shops_zone() -> None:
    stored = {
        "bought_at": "2026-11-20T15:00:00+00:00",
        "amount_yen": 1000,
        "friend_id": 1,
        "member_number": "7",
        "items": [["TEA", 2]],
    }
    words = reason_words(
        "order_differs",
        {"order_id": "A-1", "stored": stored, "given": stored | {"amount_yen": 900, "items": []}},
        "ja",
        TOKYO,
    )
    assert "登録済み: 2026-11-21 00:00 1,000円 TEA×2 7。" in words
    assert "このファイル: 2026-11-21 00:00 900円 - 7。" in words


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


def test_the_refused_lines_are_saved_as_a_file_excel_opens(sqlite_desk: Desk, tmp_path: Path) -> None:
    rows = [("A-1", "昨日", 1, 1), ("A-2", "2026-11-01", 1, "=HYPERLINK(1)")]
    report = sqlite_desk.purchases(
        csv_text("注文番号,=購入日,会員番号,金額", rows), mapping={"=購入日": "date"}
    )
    path = tmp_path / "refused.csv"
    with sqlite_desk.database.reading() as session:
        assert write_refusals(session, report.run_id, path, "ja", TOKYO) == 2
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *found = csv.reader(file)
    assert header == ["行番号", "理由", "コード"]
    assert [(line, code) for line, _, code in found] == [("2", "date_unreadable"), ("3", "amount_unreadable")]
    assert found[0][1].startswith("'=購入日「昨日」")
