"""Reads what was typed into a form field by field, and notes beside each what must be mended."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time

from flask_babel import gettext as _


@dataclass
class Typed:
    """What stands in a form, and what is wrong with it."""

    values: Mapping[str, str]
    lists: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Fields that hold several values."""
    errors: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def add(self, name: str, words: str) -> None:
        """Put what is wrong beside a field; under "" it is told at the top."""
        self.errors.setdefault(name, []).append(words)

    def text(self, name: str) -> str:
        """Return what was typed, without the spaces around it."""
        return self.values.get(name, "").strip()

    def number(self, name: str, most: int, least: int = 0) -> int:
        """Return a whole number; nothing typed is 0."""
        text = self.text(name)
        digits = text.removeprefix("-") if least < 0 else text
        if text and (
            not (digits.isascii() and digits.isdecimal() and len(digits) < 7)
            or not least <= int(text) <= most
        ):
            self.add(name, _("%(least)sから%(most)sまでの数字で入力してください。", least=least, most=most))
            return 0
        return int(text or 0)

    def decimal(self, name: str, most: int) -> float:
        """Return a number with at most two digits behind the point; nothing typed is 0."""
        text = self.text(name)
        if text and (not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,2})?", text) or float(text) > most):
            self.add(name, _("%(least)sから%(most)sまでの数字で入力してください。", least=0, most=most))
            return 0.0
        return float(text or 0)

    def clock(self, name: str) -> time | None:
        """Return a time of day; None when nothing was typed."""
        text = self.text(name)
        try:
            return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None) if text else None
        except ValueError:
            self.add(name, _("時刻を 21:00 のように入力してください。"))
            return None

    def day(self, name: str) -> date | None:
        """Return a day; None when nothing was typed."""
        text = self.text(name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self.add(name, _("日付を 2026-11-21 のように入力してください。"))
            return None

    def several(self, name: str) -> list[str]:
        """Return what was ticked."""
        return self.lists.get(name, [])

    def is_on(self, name: str) -> bool:
        """Tell whether a box is ticked."""
        return bool(self.values.get(name))


def ticked(values: Iterable[int]) -> list[str]:
    """Return numbers as boxes have them."""
    return [str(value) for value in values]
