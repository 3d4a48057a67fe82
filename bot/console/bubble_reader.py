"""Reads the fields of one bubble in one language: texts with their facts, addresses, numbers; notes what must be mended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _

from bot.console import fact_code
from scheduler.line_limits import SECURE_LINK, units
from scheduler.templating import is_dynamic

Values = Mapping[str, str]


class Said(str):
    """A string of a message that knows the field it was typed into."""

    field: str

    def __new__(cls, text: str, field: str) -> "Said":
        """Make a string with its field."""
        made = super().__new__(cls, text)
        made.field = field
        return made


@dataclass
class Noted:
    """What must be mended, by field."""

    errors: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def add(self, name: str, words: str) -> None:
        """Put what is wrong beside a field, once; under "" it is told at the top."""
        told = self.errors.setdefault(name, [])
        if words not in told:
            told.append(words)


@dataclass(frozen=True)
class Reader:
    """The fields below one prefix (`b0.`) as a friend of one language gets them."""

    values: Values
    prefix: str
    language: str
    noted: Noted

    def below(self, name: str) -> "Reader":
        """Return a reader of a part: a card, a line."""
        return Reader(self.values, f"{self.prefix}{name}.", self.language, self.noted)

    def plain(self, name: str) -> str:
        """Return a field that is the same in every language, as typed."""
        return self.values.get(self.prefix + name, "").strip()

    def count(self, name: str, least: int, most: int) -> int:
        """Return how often a group comes."""
        text = self.plain(name)
        return max(least, min(most, int(text))) if text.isdecimal() and len(text) < 4 else least

    def spoken(self, name: str, limit: int, *, required: bool = False) -> Said:
        """Return a text in this language with its facts as template code."""
        at = f"{self.prefix}{name}.{self.language}"
        return self._text(at, limit, required=required)

    def address(self, name: str, limit: int, *, required: bool = False, picture: bool = True) -> Said:
        """Return an address, the same in every language; of a picture it must begin with https."""
        said = self._text(self.prefix + name, limit, required=required)
        if picture and said and not is_dynamic(said) and not SECURE_LINK.fullmatch(said):
            self.noted.add(said.field, _("https:// で始まるアドレスを入力してください。"))
        return said

    def number(self, name: str, most: float) -> float:
        """Return a number with a fraction: a degree of a map."""
        try:
            value = float(self.plain(name))
        except ValueError:
            value = most + 1
        if not -most <= value <= most:
            words = _("%(least)sから%(most)sまでの数字で入力してください。", least=-int(most), most=int(most))
            self.noted.add(self.prefix + name, words)
            return 0.0
        return value

    def _text(self, at: str, limit: int, *, required: bool) -> Said:
        # Browsers send the ends of lines as \r\n.
        typed = self.values.get(at, "").replace("\r\n", "\n").strip()
        stored = self.values.get(f"{at}~src", "")
        source = fact_code.to_source(typed, stored, self.language)
        if required and not source:
            self.noted.add(at, _("空欄にはできません。"))
        self._look(at, typed, stored, source, limit)
        return Said(source, at)

    def _look(self, at: str, typed: str, stored: str, source: str, limit: int) -> None:
        if limit and not is_dynamic(source) and units(source) > limit:
            self.noted.add(
                at,
                _(
                    "%(limit)s文字以内で入力してください（現在%(length)s文字）。",
                    limit=limit,
                    length=units(source),
                ),
            )
        for name in fact_code.misspelt(typed, stored, self.language):
            self.noted.add(at, _("{%(name)s}は差し込みの名前ではありません。", name=name))


def plain_json(content: Any) -> Any:
    """Return content without the fields its strings came from, as it is stored."""
    if isinstance(content, str):
        return str(content)
    if isinstance(content, dict):
        return {str(key): plain_json(value) for key, value in content.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(content, list):
        return [plain_json(each) for each in content]  # pyright: ignore[reportUnknownVariableType]
    return content
