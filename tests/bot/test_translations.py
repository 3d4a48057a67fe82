"""Every text people read exists in both languages."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from bot import words
from bot.translations.extraction import source_texts, stored
from scheduler.models import BroadcastState, DeliveryKind, DeliveryState
from segments.errors import Invalid
from segments.imports import words as import_words
from segments.models import EventKind

ROOT = Path(words.__file__).parents[1]
GAP = re.compile(r"%\(\w+\)s")
RAISED = re.compile(r'(?:Invalid|NotFound|Conflict)\(\s*"([a-z_]+)"')


def test_every_source_text_has_an_english_translation_with_the_same_gaps() -> None:
    english = stored("en")
    assert [text for text in source_texts() if not english.get(text)] == []
    assert [text for text, said in english.items() if set(GAP.findall(text)) != set(GAP.findall(said))] == []


def test_the_catalogue_holds_nothing_that_is_no_longer_said() -> None:
    assert set(stored("en")) - set(source_texts()) == set()


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        (BroadcastState, words.BROADCAST_STATES),
        (DeliveryState, words.DELIVERY_STATES),
        (DeliveryKind, words.DELIVERY_KINDS),
        (EventKind, words.EVENTS),
    ],
)
def test_every_state_and_kind_has_words(kinds: type[StrEnum], told: dict[StrEnum, str]) -> None:
    assert set(kinds) == set(told)


def test_every_code_that_is_raised_has_words() -> None:
    raised: set[str] = set()
    for floor in ("bot", "segments", "scheduler"):
        for path in (ROOT / floor).rglob("*.py"):
            if "simulator" not in path.parts:
                raised |= set(RAISED.findall(path.read_text(encoding="utf-8")))
    assert sorted(code for code in raised if code not in words.ERRORS and not import_words.knows(code)) == []


def test_a_refusal_without_its_gaps_is_still_told() -> None:
    assert "order_unknown" in words.error_words(Invalid("order_unknown"), "en")
    assert (
        words.error_words(Invalid("never_heard_of"), "ja") == "この操作はできませんでした（never_heard_of）。"
    )
