"""Folds names and what is typed to find them into one spelling: width, case, the two kana and blanks make no difference."""

import re
import unicodedata

_TO_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_BLANK = re.compile(r"[\s・･.,]+")
LONGEST = 1000
"""Letters kept of all that a friend is found by."""


def folded(text: str) -> str:
    """Return a text as it is compared: `ﾀﾅｶ　はなこ` and `たなか ハナコ` are the same."""
    # Where a blank goes, an accent may come to stand beside its letter: until nothing changes any more.
    while (plain := _folded_once(text)) != text:
        text = plain
    return plain


def _folded_once(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_TO_HIRAGANA)
    return _BLANK.sub("", plain)


def searched(display_name: str, kana: str, fields: dict[str, object]) -> str:
    """Return everything a friend is found by, a line each: no search runs over two of them."""
    texts = [display_name, kana, *(value for value in fields.values() if isinstance(value, str))]
    lines = dict.fromkeys(folded(text) for text in texts if text)
    return "\n".join(line for line in lines if line)[:LONGEST]
