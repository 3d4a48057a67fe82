"""`kokyaku rehearse`, as an operator types it."""

import json
from pathlib import Path

from segments.clock import SystemClock
from segments.db import Database
from tests.bot.cli.terminal import Terminal
from tests.bot.rehearsal.shops import a_tea_shop


def test_a_rehearsal_is_told_in_both_languages_and_as_json(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.begin() as session:
        a_tea_shop(session, now=SystemClock().now())
    out = tmp_path / "report.json"

    japanese = Terminal(sqlite, tmp_path / "data").run(
        "rehearse", "--days", "10", "--purchases", "--json", str(out)
    )
    english = Terminal(sqlite, tmp_path / "data", language="en").run("rehearse", "--days", "2")

    assert japanese.exit_code == 0, japanese.output
    assert "実際には何も送っていません" in japanese.stdout
    assert "日別" in japanese.stdout
    assert english.exit_code == 0, english.output
    assert "nothing was sent to anybody" in english.stdout
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["sent"] == sum(report["by_day"].values()) > 0
    assert report["purchases"] > 0
    assert report["problems"] == {}


def test_days_out_of_range_are_refused_in_words(sqlite: Database, tmp_path: Path) -> None:
    assert "1〜366日" in Terminal(sqlite, tmp_path).refusal("rehearse", "--days", "0")


def test_a_report_that_cannot_be_written_is_told_before_days_are_spent(
    sqlite: Database, tmp_path: Path
) -> None:
    missing = str(tmp_path / "missing" / "report.json")

    assert "missing" in Terminal(sqlite, tmp_path).refusal("rehearse", "--days", "90", "--json", missing)
