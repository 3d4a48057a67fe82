"""`kokyaku analyse`."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.analyses import analyse
from bot.cli.context import Program
from bot.services import Services
from segments import analyses_nightly, facts
from segments.models import Friend, Product
from tests.bot.cli.terminal import Terminal
from tests.builders import a_friend, a_product, days_ago
from tests.segments.buying_world import build
from tests.segments.test_next_products import bought

WITHOUT_NAMES = sorted(set(analyse.commands) - {"next", "recommend"})
EMPTY = {
    "ja": ("購入した友だちがまだいません。\n", "この期間に購入はありません。\n"),
    "en": ("No friend has bought anything yet.\n", "Nothing was bought in this period.\n"),
}


def run(services: Services, *words: str, language: str = "ja") -> Result:
    settings = services.settings.model_copy(update={"language": language})
    program = Program(settings)
    program.__dict__.update(services=replace(services, settings=settings), database=services.database)
    return CliRunner(env={"COLUMNS": "300"}).invoke(analyse, words, obj=program)


def test_there_is_a_command_for_every_question() -> None:
    asked = "best-sellers next recommend f2 repeat cohorts ltv rfm deciles times loyalty"
    assert set(analyse.commands) == set(asked.split())


@pytest.mark.parametrize("command", WITHOUT_NAMES)
def test_an_empty_shop_gets_a_sentence(services: Services, command: str) -> None:
    for language, sentences in EMPTY.items():
        answer = run(services, command, language=language)
        assert answer.exit_code == 0
        assert answer.output in sentences


def test_a_shop_at_work_gets_tables_and_files(services: Services, tmp_path: Path) -> None:
    with services.database.begin() as session:
        build(session, 1)
        product, friend = session.get_one(Product, 1), session.get_one(Friend, 1)
        product.name = "=1+1"
    analyses_nightly.prepare(services.database, services.clock.now(), _fail)
    commands = [(command,) for command in WITHOUT_NAMES]
    commands += [("next", product.code), ("recommend", str(friend.id)), ("best-sellers", "--categories")]
    commands += [("cohorts", "--yen"), ("times", "--monthly")]
    for words in commands:
        for language in EMPTY:
            shown = run(services, *words, language=language)
            assert shown.exit_code == 0, (words, shown.exception)
            assert "┃" in shown.output
        file = tmp_path / "saved.csv"
        kept = run(services, *words, "--csv", str(file))
        assert kept.exit_code == 0, (words, kept.exception)
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.reader(opened))
        assert len({len(row) for row in rows}) == 1
        assert len(rows) > 1
        assert not any(cell.startswith("=") for row in rows for cell in row)


def test_of_newcomers_whose_days_are_not_over_nothing_is_told_yet(services: Services) -> None:
    with services.database.begin() as session:
        tea = a_product(session)
        bought(session, friend := a_friend(session), days_ago(3), tea)
        facts.learn_purchases(session, friend.id, services.clock.now())
    shown = run(services, "f2", "--days", "30").output
    assert "まだ判定できません" in shown
    assert "30日以内に2回目" in shown
    assert "too early to tell" in run(services, "f2", "--days", "30", language="en").output


def test_what_cannot_be_is_refused_in_a_sentence(services: Services, tmp_path: Path) -> None:
    terminal = Terminal(services.database, tmp_path)
    assert "NONE" in terminal.refusal("analyse", "next", "NONE")
    assert terminal.refusal("analyse", "recommend", "99") == "友だちが見つかりません。"
    for wrong in (("--since", "yesterday"), ("--since", "2026-02-01", "--until", "2026-01-01")):
        assert run(services, "f2", *wrong).exit_code == 2
    assert run(services, "f2", "--until", "9999-12-31").exit_code == 0


def test_a_file_that_cannot_be_written_is_told(services: Services, tmp_path: Path) -> None:
    with services.database.begin() as session:
        build(session, 1)
    answer = run(services, "rfm", "--csv", str(tmp_path / "missing" / "saved.csv"))
    assert answer.exit_code == 1
    assert "保存できませんでした" in answer.output


def _fail(part: str, error: Exception) -> None:
    raise AssertionError(part) from error
