"""`kokyaku shop`."""

import json

import pytest
from click.testing import CliRunner, Result

from bot.cli.shops import shop
from bot.services import Services
from segments import shop as shops
from segments.errors import Invalid, KokyakuError
from tests.bot.test_cli_accounts import Program


def run(services: Services, *words: str) -> Result:
    return CliRunner().invoke(shop, words, obj=Program(services))  # type: ignore[arg-type]


def test_what_is_set_is_shown(services: Services) -> None:
    for words in (
        ("name", "みどり", "茶舗"),
        ("free_item.title.ja", "ガイド"),
        ("free_item.url", "https://example.com/g.pdf"),
        ("closed_weekdays", "2", "6"),
        ("closed_dates", "2026-12-31"),
        ("quiet_from", "22:00"),
        ("plan", "light"),
    ):
        answer = run(services, "set", *words)
        assert answer.exit_code == 0, answer.output
    told = json.loads(run(services, "show").output)
    assert told["name"] == "みどり 茶舗"
    assert told["free_item"]["title"] == {"ja": "ガイド", "en": ""}
    assert told["closed_weekdays"] == [2, 6]
    assert (told["quiet_from"], told["plan"]) == ("22:00", "light")
    run(services, "set", "closed_weekdays")
    assert json.loads(run(services, "show").output)["closed_weekdays"] == []


@pytest.mark.parametrize(
    "words",
    [
        ("colour", "green"),
        ("free_item", "x"),
        ("free_item.url", "javascript:alert(1)"),
        ("name.ja", "x"),
        ("closed_weekdays", "Monday"),
        ("closed_weekdays", "7"),
        ("quiet_from", "late"),
        ("timezone", "Mars/North"),
        ("plan", "gold"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    services: Services, words: tuple[str, ...]
) -> None:
    answer = run(services, "set", *words)
    assert isinstance(answer.exception, Invalid | KokyakuError)
    with services.database.reading() as session:
        assert shops.load(session) == shops.Shop()
