"""Every text people read exists in both languages."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from bot import step_words, trust_words, words
from bot.console import imports_words, results
from bot.models import Role
from bot.translations.extraction import source_texts, stored
from scheduler import ledger, reasons, replies, through_words
from scheduler.campaign_effect import Untold
from scheduler.everyone_choice import Why
from scheduler.models import BroadcastState, DeliveryKind, DeliveryState, StepKind
from scheduler.outcome_words import OUTCOME_WORDS
from scheduler.reasons import Reason
from scheduler.step_settings import DateKind, Otherwise
from segments.errors import Invalid
from segments.imports import words as import_words
from segments.models import EventKind, ImportState, TrustKind

ROOT = Path(words.__file__).parents[1]
GAP = re.compile(r"%\(\w+\)s")
RAISED = re.compile(r'(?:Invalid|NotFound|Conflict)\(\s*"([a-z_]+)"')
ENDS = re.compile(
    r'(?:fail|pause)\([^()\n]*(?:\[[^\n]*\])?[^()\n]*, "([a-z_]+)"\)|reason="([a-z_]+)"|^[A-Z_]*EXPIRED = "([a-z_]+)"',
    re.MULTILINE,
)
"""The places where sending writes down a code of its own."""


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
        (Role, words.ROLES),
        (Reason, reasons.WORDS),
        (Why, through_words.WORDS),
        (Untold, results.UNTOLD),
        (ImportState, imports_words.STATES),
        (StepKind, step_words.KINDS),
        (DateKind, step_words.DATES),
        (Otherwise, step_words.OTHERWISE),
        (TrustKind, trust_words.WORDS),
    ],
)
def test_every_state_and_kind_has_words(kinds: type[StrEnum], told: dict[StrEnum, str]) -> None:
    assert set(kinds) == set(told)


def test_every_code_that_sending_writes_down_has_words_in_both_languages() -> None:
    written = {name for _kind, name in ledger.NAMES} | {str(replies.CRASHED[1])}
    for path in (ROOT / "scheduler").glob("*.py"):
        found = ENDS.findall(path.read_text(encoding="utf-8"))
        written |= {code for each in found for code in each if code}
    assert {"refused", "unknown_recipient", "retry_key_expired", "broadcast_cancelled"} <= written
    told = {code: (reasons.reason_words(code, "ja"), reasons.reason_words(code, "en")) for code in written}
    assert {code: said for code, said in told.items() if code in said or said[0] == said[1]} == {}
    assert set(OUTCOME_WORDS) & set(Reason) == set()


def test_every_code_by_which_a_broadcast_is_paused_has_words() -> None:
    assert {"operator", "quota_exhausted", "token_invalid", "refused"} == set(words.PAUSE_REASONS)


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
