"""`kokyaku forecast`: a CSV in, a CSV out, no database anywhere."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.context import Program
from bot.cli.forecasts import forecast
from bot.settings import Settings
from segments.cycle_forecasts import HEADER

AS_OF = date(2026, 10, 1)


class Desk:
    """Runs the command in a folder of its own; its settings name a database that does not exist."""

    def __init__(self, folder: Path, language: str = "ja") -> None:
        self.folder, self.out = folder, folder / "forecast.csv"
        url = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
        self._program = Program(
            Settings(KOKYAKU_LANGUAGE=language, KOKYAKU_DATA=folder, KOKYAKU_DATABASE_URL=url)  # pyright: ignore[reportCallIssue] — aliases
        )

    def run(self, text: str | bytes, *options: str) -> Result:
        """Write the text as a CSV and forecast it."""
        path = self.folder / "purchases.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        arguments = [str(path), "--as-of", AS_OF.isoformat(), "--out", str(self.out), *options]
        return CliRunner().invoke(forecast, arguments, obj=self._program)

    def rows(self) -> list[dict[str, str]]:
        """Read the forecast."""
        with self.out.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk in Japanese."""
    return Desk(tmp_path)


def bought(customer: str, *days_before: int, rest: str = "") -> str:
    """Return lines of one customer's purchases so many days before the day of the forecast."""
    days = (AS_OF - timedelta(days=each) for each in days_before)
    return "".join(f"{customer},{day.isoformat()}{rest}\n" for day in days)


def test_every_customer_gets_a_row_with_dates_in_order(desk: Desk) -> None:
    result = desk.run("customer_id,date\n" + bought("A", 95, 64, 33, 5) + bought("B", 40))
    assert result.exit_code == 0, result.output
    assert "2行の予測" in result.output
    first, second = desk.rows()
    assert tuple(first) == HEADER
    assert (first["customer_id"], first["category"], first["n"]) == ("A", "", "3")
    assert first["last_at"] == "2026-09-26"
    assert first["last_at"] < first["due_at"] <= first["slip_at"] <= first["lapse_at"]
    assert float(first["p_buy_28d"]) <= float(first["p_buy_90d"]) <= float(first["p_alive"]) <= 1
    assert first["reason"].startswith("4回購入、およそ30日ごと（±2日）。次は")
    assert second["reason"].startswith("1回購入")


def test_a_category_column_gives_a_row_for_each_category(desk: Desk) -> None:
    text = "顧客ID,購入日,カテゴリ\n" + bought("A", 90, 60, 30, rest=",茶") + bought("A", 50, rest=",菓子")
    desk.run((text + bought("A", 10, rest=",")).encode("cp932"))
    assert [(row["category"], row["n"]) for row in desk.rows()] == [("", "4"), ("茶", "2"), ("菓子", "0")]


def test_what_happens_on_the_day_and_after_it_is_not_looked_at(desk: Desk) -> None:
    past = "customer_id,date\n" + bought("A", 60, 30)
    desk.run(past)
    before = desk.rows()
    desk.run(past + bought("A", 0, -5) + bought("B", -1))
    assert desk.rows() == before


def test_bad_lines_are_named_and_the_good_ones_used(desk: Desk) -> None:
    text = "customer_id,date,amount,quantity\nA,2026-08-01,11.77,1\nA,昨日,1,1\n,2026-08-02,1,1\nA,2026-08-03,-5,1\nA,2026-08-04,1,0\n"
    result = desk.run(text)
    assert result.exit_code == 0
    assert "使えなかった行 4行" in result.output
    assert "3行目: date「昨日」は日付として読めません。" in result.output
    assert [line for line in ("4行目", "5行目", "6行目") if line not in result.output] == []
    assert [row["n"] for row in desk.rows()] == ["0"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "ファイルが空です"),
        ("name,when\nA,2026-01-01\n", "必要な列がありません"),
        ("customer_id,date\n", "購入がありません"),
        ("customer_id,date\nA,2027-01-01\n", "購入がありません"),
    ],
)
def test_a_file_that_cannot_be_forecast_says_why_and_leaves_nothing(desk: Desk, text: str, said: str) -> None:
    result = desk.run(text)
    assert result.exit_code == 1
    assert said in result.output
    assert list(desk.folder.glob("forecast*")) == []


def test_names_cannot_become_formulas(desk: Desk) -> None:
    desk.run("customer_id,date,category\n=1+1,2026-08-01,@SUM(A1)\n")
    assert [(row["customer_id"], row["category"]) for row in desk.rows()] == [
        ("'=1+1", ""),
        ("'=1+1", "'@SUM(A1)"),
    ]


def test_the_file_read_is_not_written_over_and_a_bad_day_is_refused(desk: Desk) -> None:
    result = desk.run("customer_id,date\nA,2026-08-01\n", "--out", str(desk.folder / "purchases.csv"))
    assert result.exit_code == 1
    assert "元のファイル" in result.output
    assert desk.run("customer_id,date\nA,2026-08-01\n", "--as-of", "soon").exit_code == 2


def test_words_are_english_where_the_operator_reads_english(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "en")
    result = desk.run("Customer ID,Date,Qty\n" + bought("A", 95, 64, 33, 5, rest=",2"))
    assert "1 forecasts from 4 lines" in result.output
    assert desk.rows()[0]["reason"].startswith("Bought 4 times, every 30 ± 2 days; due about")


def test_one_customer_with_a_thousand_purchases_and_one_with_ten_thousand_in_a_day(desk: Desk) -> None:
    text = "customer_id,date\n" + bought("A", *range(1000, 0, -1)) + bought("B", *([7] * 10_000))
    assert desk.run(text).exit_code == 0
    assert [(row["n"], row["remind_at"] != "") for row in desk.rows()] == [("999", False), ("0", True)]
