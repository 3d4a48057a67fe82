"""Reads the cells of a file: text made safe to store, whole numbers, amounts in yen, yes and no."""

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from segments.errors import Invalid
from segments.imports.options import Decimals, ImportOptions
from segments.orders import MAX_YEN
from segments.points import MOST

_AMOUNT = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d*))?", re.ASCII)
_COUNT = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?\s*(?:個|点|本|冊|枚|箱|袋|セット)?", re.ASCII)
_POINTS = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?\s*(?:ポイント|pts?|p)?", re.ASCII | re.IGNORECASE)
_NEGATIVE = re.compile(r"[-−△▲]|\(.*\)$|\d+-$")
_YES = frozenset(
    {"1", "true", "yes", "y", "on", "はい", "有", "有り", "あり", "○", "〇", "販売中", "公開", "可"}
)
_NO = frozenset(
    {
        "0",
        "false",
        "no",
        "n",
        "off",
        "いいえ",
        "無",
        "無し",
        "なし",
        "×",
        "販売終了",
        "非公開",
        "停止",
        "不可",
    }
)
_ALL = frozenset(
    {
        "true",
        "yes",
        "y",
        "full",
        "all",
        "はい",
        "済",
        "済み",
        "返金済",
        "返金済み",
        "全額",
        "全額返金",
        "有",
        "あり",
        "○",
        "〇",
    }
)
_NONE = frozenset({"", "-", "false", "no", "n", "none", "いいえ", "無", "無し", "なし", "未", "×"})
FULLY = -1
"""What `refund` returns for a refund in full, whose amount the order tells."""


def text(cell: str, limit: int) -> str:
    """Return the cell's text in NFC without control characters; raise Invalid too_long.

    Emoji, joiners and marks of direction are parts of names and stay. Breaks and tabs become spaces.
    """
    if cell.isascii() and cell.isprintable():
        cleaned = cell.strip()
    else:
        kept = (" " if c in "\n\t\r\x85\u2028\u2029" else c for c in cell if _keep(c))
        cleaned = unicodedata.normalize("NFC", "".join(kept)).strip()
    if len(cleaned) > limit:
        raise Invalid("too_long", length=len(cleaned), limit=limit)
    return cleaned


def _keep(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cs"} or character in "\n\t\r\x85"


@lru_cache(maxsize=4096)
def plain(cell: str) -> str:
    """Return the cell in plain half-width characters (NFKC), for reading; not for storing."""
    return unicodedata.normalize("NFKC", cell).strip()


def amount(cell: str, options: ImportOptions | None = None) -> int:
    """Return whole yen; `options` says what to do with fractions.

    Raises Invalid: amount_unreadable, amount_negative, amount_decimal, amount_too_large.
    """
    # A yen sign in Shift_JIS has the byte of a backslash.
    digits = re.sub(r"^(?:[¥\\$]|JPY)\s*|\s*(?:円|JPY)?(?:\(?税込み?\)?)?$", "", plain(cell))
    if _NEGATIVE.match(digits):
        raise Invalid("amount_negative", given=cell)
    found = _AMOUNT.fullmatch(digits)
    if not found:
        raise Invalid("amount_unreadable", given=cell)
    value = Decimal(f"{found[1].replace(',', '')}.{found[2] or 0}")
    yen = _whole(value, cell, options)
    if yen > MAX_YEN:
        raise Invalid("amount_too_large", given=cell, limit=MAX_YEN)
    return yen


def _whole(value: Decimal, cell: str, options: ImportOptions | None) -> int:
    if value > MAX_YEN:
        raise Invalid("amount_too_large", given=cell[:40], limit=MAX_YEN)
    if options is not None:
        value *= options.amount_factor
    rounded = value.quantize(Decimal(1), ROUND_HALF_UP)
    asked = options is not None and (
        options.currency_decimals == Decimals.ROUND or options.amount_factor != 1
    )
    if rounded != value and not asked:
        raise Invalid("amount_decimal", given=cell)
    return int(rounded)


def quantity(cell: str) -> int:
    """Return a count of at least 1; raise Invalid quantity_unreadable or quantity_out_of_range."""
    plain_cell = plain(cell)
    if _NEGATIVE.match(plain_cell):
        raise Invalid("quantity_out_of_range", given=cell, limit=1_000_000)
    found = _COUNT.fullmatch(plain_cell)
    if not found:
        raise Invalid("quantity_unreadable", given=cell)
    value = int(found[1].replace(",", "")[:12])
    if not 1 <= value <= 1_000_000:
        raise Invalid("quantity_out_of_range", given=cell, limit=1_000_000)
    return value


def points(cell: str) -> int:
    """Return a balance of points, 0 or more; raise Invalid points_unreadable or points_out_of_range."""
    found = _POINTS.fullmatch(plain(cell))
    if not found:
        raise Invalid("points_unreadable", given=cell)
    value = int(found[1].replace(",", "")[:12])
    if value > MOST:
        raise Invalid("points_out_of_range", given=cell, limit=MOST)
    return value


def yes_or_no(cell: str) -> bool:
    """Return whether the cell says yes; raise Invalid yes_no_unreadable."""
    plain_cell = plain(cell).casefold()
    if plain_cell not in _YES | _NO:
        raise Invalid("yes_no_unreadable", given=cell)
    return plain_cell in _YES


def refund(cell: str, options: ImportOptions) -> int:
    """Return the yen refunded, 0 for none, FULLY for 「返金済」 and its like; raises as `amount` does."""
    plain_cell = plain(cell).casefold()
    if plain_cell in _NONE:
        return 0
    return FULLY if plain_cell in _ALL else amount(cell, options)
