"""Cells: text, amounts, quantities."""

import unicodedata
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.errors import Invalid
from segments.imports import cells
from segments.imports.options import Decimals, ImportOptions

PLAIN = ImportOptions()


@pytest.mark.parametrize(
    ("text", "yen"),
    [
        ("1000", 1000), ("1,000", 1000), ("¥1,000", 1000), ("￥１，０００", 1000), ("\\1,000", 1000), ("1000円", 1000),
        ("1,000円(税込)", 1000), ("0", 0), (" 980 ", 980), ("1000.00", 1000), ("12,345,678", 12_345_678),
    ],
)  # fmt: skip
def test_amounts_are_read_as_shops_write_them(text: str, yen: int) -> None:
    assert cells.amount(text, PLAIN) == yen


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("-100", "amount_negative"), ("△100", "amount_negative"), ("▲1,000", "amount_negative"), ("(100)", "amount_negative"),
        ("−100", "amount_negative"), ("-¥100", "amount_negative"), ("¥-100", "amount_negative"),
        ("11.77", "amount_decimal"), ("千円", "amount_unreadable"), ("1,00", "amount_unreadable"), ("10,00,000", "amount_unreadable"),
        ("1e5", "amount_unreadable"), ("1000 2000", "amount_unreadable"), ("9999999999", "amount_too_large"),
        ("9" * 5000, "amount_too_large"), ("NaN", "amount_unreadable"), ("", "amount_unreadable"),
    ],
)  # fmt: skip
def test_amounts_that_are_none_are_refused_in_words(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        cells.amount(text, PLAIN)
    assert refused.value.code == code


def test_fractions_are_rounded_or_scaled_when_the_operator_says_so() -> None:
    assert cells.amount("11.77", ImportOptions(currency_decimals=Decimals.ROUND)) == 12
    assert cells.amount("11.50", ImportOptions(currency_decimals=Decimals.ROUND)) == 12
    assert cells.amount("11.77", ImportOptions(amount_factor=Decimal(100))) == 1177
    assert cells.amount("$11.775", ImportOptions(amount_factor=Decimal(100))) == 1178


@pytest.mark.parametrize(("text", "count"), [("1", 1), ("３", 3), ("12個", 12), ("1,000", 1000), ("2.0", 2)])
def test_quantities_are_read(text: str, count: int) -> None:
    assert cells.quantity(text) == count


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "一", "9" * 5000])
def test_quantities_below_one_or_not_whole_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match="quantity_"):
        cells.quantity(text)


def test_names_keep_emoji_joiners_and_direction_and_lose_control_characters() -> None:
    family = "👨‍👩‍👧"
    assert (
        cells.text(f"\x00\x07山田{family}\u200f שלום\x1b[0m\u200b", 99) == f"山田{family}\u200f שלום[0m\u200b"
    )
    assert cells.text("か\u3099き", 99) == "がき"
    assert cells.text(" 二行\r\n目\t ", 99) == "二行  目"


def test_a_text_beyond_its_limit_is_refused_with_its_length() -> None:
    with pytest.raises(Invalid) as refused:
        cells.text("あ" * 10_000, 255)
    assert refused.value.params == {"length": 10_000, "limit": 255}


@given(st.text())
def test_cleaned_text_can_be_stored_anywhere(text: str) -> None:
    cleaned = cells.text(text, 10_000)
    assert all(unicodedata.category(character) not in {"Cc", "Cs"} for character in cleaned)
    assert cells.text(cleaned, 10_000) == cleaned


@given(st.text(alphabet=st.sampled_from("0123456789０９,.，．¥￥円-△()$ 税込"), max_size=12))
def test_no_amount_whatever_breaks_the_reader(text: str) -> None:
    # Whatever is not an amount is refused by name, so nothing else can escape.
    with suppress(Invalid):
        assert 0 <= cells.amount(text, PLAIN) <= 999_999_999
