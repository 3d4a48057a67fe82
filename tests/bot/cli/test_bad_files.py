"""`kokyaku import` with files that are not what they should be, and on a disk that fills up."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from segments.db import Database
from segments.models import Product, Purchase
from tests.bot.cli.terminal import Terminal
from tests.bot.cli.test_imports import Shell
from tests.builders import a_product
from tests.databases import SmallDisk

HEADER = "注文番号,購入日,会員番号,金額,商品コード\n"


@pytest.fixture
def terminal(sqlite: Database, tmp_path: Path) -> Terminal:
    return Terminal(sqlite, tmp_path)


def given(terminal: Terminal, data: bytes) -> str:
    path = terminal.folder / "purchases.csv"
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize(
    ("data", "japanese", "english"),
    [
        (b"", "ファイルが空です。", "The file is empty."),
        (
            (HEADER + "A-1,2026-11-01,7,1000,TEA\n").encode("utf-16"),
            "UTF-8で保存し直す",
            "Save it as UTF-8",
        ),
        (HEADER.encode() + b"A-1,2026-11-01,7,1000,\xff\n", "読めません", "cannot be read"),
        (b"PK\x03\x04\x00\x00", "NUL文字", "NUL byte"),
        ("番号,いつ\n1,2\n".encode(), "必要な列がありません", "Columns are missing"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words_and_leaves_nothing(
    terminal: Terminal, sqlite: Database, data: bytes, japanese: str, english: str
) -> None:
    path = given(terminal, data)
    assert japanese in terminal.refusal("import", "purchases", path)
    assert english in terminal.refusal("import", "purchases", path, KOKYAKU_LANGUAGE="en")
    with sqlite.reading() as session:
        assert session.scalars(select(Purchase)).all() == []


def test_lines_that_cannot_be_are_told_one_by_one_and_the_good_ones_kept(
    database: Database, tmp_path: Path
) -> None:
    terminal = Terminal(database, tmp_path)
    with database.begin() as session:
        a_product(session, code="TEA")
    lines = (
        "A-1,2020-11-01,7,1000,TEA",
        "A-2,2020-11-01,7,-1000,TEA",
        "A-3,2999-11-01,7,1000,TEA",
        "A-4,2020-11-01,7,1000,GHOST",
        "A-5,2020-11-01,\u200b👨‍👩‍👧\u202e,1000,TEA",
        f"A-6,2020-11-01,{'7' * 10_000},1000,TEA",
    )
    result = terminal.run("import", "purchases", given(terminal, (HEADER + "\n".join(lines)).encode()))
    assert result.exit_code == 0, result.output
    assert "取り込み 2行・変更なし 0行・取り込めなかった行 4行" in result.stdout
    told = result.stdout.splitlines()[1:]
    for number, words in ((3, "マイナス"), (4, "未来"), (5, "GHOST"), (7, "長すぎます")):
        assert any(each.startswith(f"{number}行目: ") and words in each for each in told), told


def test_an_order_that_is_stored_with_other_content_is_refused_and_both_are_shown(
    terminal: Terminal, sqlite: Database
) -> None:
    with sqlite.begin() as session:
        a_product(session, code="TEA")
    for amount in (1000, 1001):
        line = f"A-1,2020-11-01,7,{amount},TEA\n"
        result = terminal.run("import", "purchases", given(terminal, (HEADER + line).encode()))
    assert "注文番号「A-1」は別の内容で登録済みです。" in result.stdout
    told = result.stdout.replace(",", "")
    assert "1000" in told
    assert "1001" in told
    with sqlite.reading() as session:
        assert session.scalars(select(Purchase.amount_yen)).all() == [1000]


def test_on_a_full_disk_what_was_taken_is_kept_and_the_rest_goes_in_later(
    sqlite: Database, tmp_path: Path
) -> None:
    shell = Shell(sqlite, tmp_path)
    path = shell.file(
        "products.csv", "商品コード,商品名,価格\n" + "".join(f"P{n},{'茶' * 120},100\n" for n in range(4_000))
    )
    disk = SmallDisk(sqlite)
    disk.fill(room=150)
    full = shell.run("products", path)
    assert full.exit_code == 1, full.output
    assert "ディスクに空きがありません。" in full.output
    assert "ここまでに取り込んだ行は残っています。" in full.output
    with sqlite.reading() as session:
        kept = session.scalar(select(func.count()).select_from(Product)) or 0
    assert 0 < kept < 4_000
    disk.make_room()
    again = shell.run("products", path)
    assert again.exit_code == 0, again.output
    assert f"取り込み {4_000 - kept:,}行・変更なし {kept:,}行" in again.output
