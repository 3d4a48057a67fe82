"""`kokyaku import`."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from bot.cli.context import Program
from bot.cli.imports import imports
from bot.services import Services
from bot.settings import Settings
from segments.db import Database
from segments.models import Friend, Product, Purchase
from tests.fakes.clock import FakeClock


class _Nobody:
    """Stands where an import has nothing to call."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(name)


class Shell:
    """Runs the commands in a folder of their own."""

    def __init__(self, database: Database, folder: Path, language: str = "ja") -> None:
        self.folder = folder
        settings = Settings(KOKYAKU_LANGUAGE=language, KOKYAKU_DATA=folder)  # pyright: ignore[reportCallIssue] — aliases
        self._program = Program(settings)
        nobody = _Nobody()
        self._program.services = Services(
            settings=settings, database=database, clock=FakeClock(), gateway=nobody, queue=nobody  # pyright: ignore[reportArgumentType] — never called
        )  # fmt: skip

    def file(self, name: str, text: str) -> str:
        """Write a file and return its path."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def run(self, *arguments: str) -> Result:
        """Run `kokyaku import …`."""
        return CliRunner().invoke(imports, list(arguments), obj=self._program)


@pytest.fixture
def shell(sqlite: Database, tmp_path: Path) -> Shell:
    """Return a shell in Japanese."""
    return Shell(sqlite, tmp_path)


def test_three_files_make_a_shop(shell: Shell, sqlite: Database) -> None:
    for kind, text in (
        ("friends", "会員番号,氏名\n7,山田\n"),
        ("products", "商品コード,商品名,価格\nTEA,お茶,1000\n"),
        ("purchases", "注文番号,日付,会員番号,金額,商品コード\nA-1,2026-11-01,7,1000,TEA\n"),
    ):
        result = shell.run(kind, shell.file(f"{kind}.csv", text))
        assert result.exit_code == 0, result.output
        assert "取り込み 1行・変更なし 0行・取り込めなかった行 0行" in result.output
    with sqlite.reading() as session:
        assert len(session.scalars(select(Friend)).all()) == 1
        assert len(session.scalars(select(Product)).all()) == 1
        assert session.scalars(select(Purchase.source)).one() == "import:3"


def test_refused_lines_are_shown_and_saved(shell: Shell) -> None:
    path = shell.file("p.csv", "注文番号,日付,会員番号,金額\nA-1,昨日,7,1000\nA-2,2026-11-01,7,1000\n")
    result = shell.run("purchases", path, "--report", str(shell.folder / "refused.csv"))
    assert result.exit_code == 0
    assert "2行目: 日付「昨日」は日付として読めません。" in result.output
    assert "date_unreadable" in (shell.folder / "refused.csv").read_text(encoding="utf-8-sig")


def test_the_words_are_english_where_the_operator_reads_english(sqlite: Database, tmp_path: Path) -> None:
    shell = Shell(sqlite, tmp_path, "en")
    result = shell.run(
        "purchases", shell.file("p.csv", "order_id,date,member_number,amount\nA-1,soon,7,1000\n")
    )
    assert "0 lines taken, 0 unchanged, 1 refused" in result.output
    assert "line 2: date soon is no date." in result.output


def test_a_file_that_cannot_be_read_ends_with_its_reason(shell: Shell) -> None:
    result = shell.run("purchases", shell.file("p.csv", "番号,日付\n1,2\n"))
    assert result.exit_code == 1
    assert (
        "必要な列がありません: 注文番号 (order_id)、会員番号 (member_number) または LINEユーザーID (line_user_id)"
        in result.output
    )
    assert "ファイルにある列: 番号、日付" in result.output
    assert shell.run("friends", str(shell.folder / "nowhere.csv")).exit_code == 1


def test_mapping_source_encoding_and_amounts_are_passed_on(shell: Shell, sqlite: Database) -> None:
    path = shell.folder / "p.csv"
    path.write_bytes("番号=A,日付,会員番号,ドル,商品コード\nA-1,2026-11-01,7,11.77,CUP\n".encode("cp932"))
    result = shell.run(
        "purchases", str(path), "--mapping", "番号=A=order_id", "--mapping", "ドル=amount", "--encoding", "cp932",
        "--source", "cdnow", "--amount-factor", "100", "--create-products",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    with sqlite.reading() as session:
        order = session.scalars(select(Purchase)).one()
        assert (order.amount_yen, order.source) == (1177, "cdnow")


@pytest.mark.parametrize(
    "arguments",
    [("--mapping", "=x"), ("--amount-factor", "x"), ("--amount-factor", "0"), ("--amount-factor", "NaN")],
)
def test_options_that_mean_nothing_are_refused(shell: Shell, arguments: tuple[str, str]) -> None:
    assert shell.run("purchases", shell.file("p.csv", "x\n"), *arguments).exit_code == 2
