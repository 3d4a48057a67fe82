"""The kinds of values that the shop's settings are made of, and how each is read and written."""

from dataclasses import dataclass
from datetime import date, time
from typing import Any, cast

from segments import zone_names

LANGUAGES = ("ja", "en")
BASIC_ID_LIMIT = 32
MOST = 1_000_000_000
"""Yen or friends: more is a typing error."""


@dataclass(frozen=True)
class Words:
    """A text in the languages the bot speaks."""

    ja: str = ""
    en: str = ""

    def of(self, language: str) -> str:
        """Return the text in `language`, or in the other one when it was left empty."""
        return (self.ja or self.en) if language == "ja" else (self.en or self.ja)


@dataclass(frozen=True)
class FreeItem:
    """What a friend gets for nothing; claiming it makes a prospect (seed 000, 仕組み1)."""

    title: Words = Words()
    text: Words = Words()
    url: str = ""


def plain(value: Any) -> Any:
    """Write a value as plain JSON."""
    match value:
        case Words():
            return {"ja": value.ja, "en": value.en}
        case FreeItem():
            return {"title": plain(value.title), "text": plain(value.text), "url": value.url}
        case tuple():
            return [plain(each) for each in cast("tuple[Any, ...]", value)]
        case time():
            return value.strftime("%H:%M")
        case date():
            return value.isoformat()
        case _:
            return value


def _text(value: Any) -> str:
    return _must(isinstance(value, str), value).strip()


def _words(value: Any) -> Words:
    return Words(**{language: _text(text) for language, text in value.items()})


def _free_item(value: Any) -> FreeItem:
    url = _text(value.get("url", ""))
    _must(not url or url.startswith(("https://", "http://")), url)
    return FreeItem(title=_words(value.get("title", {})), text=_words(value.get("text", {})), url=url)


def _zone_name(value: Any) -> str:
    zone = zone_names.find(_text(value))
    return _must(zone is not None, zone).key


def _language(value: Any) -> str:
    return _must(value in LANGUAGES, value)


def _weekdays(value: Any) -> tuple[int, ...]:
    return tuple(sorted({_must(type(day) is int and 0 <= day <= 6, day) for day in value}))


def _dates(value: Any) -> tuple[date, ...]:
    return tuple(sorted({date.fromisoformat(day) for day in value}))


def _basic_id(value: Any) -> str:
    name = _text(value)
    return _must(not name or (name.startswith("@") and len(name) <= BASIC_ID_LIMIT), name)


def _amount(value: Any) -> int | None:
    """Read a whole number that may be missing; a terminal hands it over as text."""
    if value is None or value == "":
        return None
    number = int(value.replace(",", "")) if isinstance(value, str) else value
    return _must(type(number) is int and 0 <= number <= MOST, number)


def _must(fine: bool, value: Any) -> Any:
    if not fine:
        raise ValueError(value)
    return value


READERS: dict[str, Any] = {
    "name": _text,
    "timezone": _zone_name,
    "language": _language,
    "closed_weekdays": _weekdays,
    "closed_dates": _dates,
    "basic_id": _basic_id,
    "free_item": _free_item,
    "how_to_buy": _words,
    "opening_hours": _words,
    "quiet_from": time.fromisoformat,
    "quiet_until": time.fromisoformat,
    "monthly_budget_yen": _amount,
    "approval_above": _amount,
}
"""How each setting is read; they raise ValueError, TypeError, KeyError or AttributeError."""
