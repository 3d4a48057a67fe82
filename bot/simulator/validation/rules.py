"""Small checks and how they combine: text, number, choice, array, object, object by type."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from bot.simulator.json_types import as_array, as_integer
from bot.simulator.validation.problems import Path, Problems

_THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}


class Check(Protocol):
    """Looks at one value and notes what is wrong with it."""

    def __call__(self, value: Any, path: Path, problems: Problems, /) -> None:
        """Note every fault of `value`, which stands at `path`."""
        ...


@dataclass(frozen=True)
class Field:
    """A property of an object."""

    check: Check
    required: bool = False


Fields = Mapping[str, Field]


def need(check: Check) -> Field:
    """A property that must be there."""
    return Field(check, required=True)


def may(check: Check) -> Field:
    """A property that may be left out."""
    return Field(check)


def utf16(text: str) -> int:
    """LINE counts most text in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def graphemes(text: str) -> int:
    """LINE counts labels in what a reader sees as characters; joined emoji and accents count with their base."""
    return len(
        re.sub(r"\u200d.|[\u0300-\u036f\u20e3\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]", "", text, flags=re.DOTALL)
    )


def text(high: int, low: int = 1, count: Callable[[str], int] = utf16) -> Check:
    """A string of `low` to `high` units."""

    def check(value: Any, path: Path, problems: Problems) -> None:
        if not isinstance(value, str):
            problems.add(path, "type")
        elif low > 0 and not value.strip():
            problems.add(path, "empty")
        elif not low <= count(value) <= high:
            problems.add(path, "length", low=low, high=high)

    return check


def _is_beside_us(scheme: str, host: str | None) -> bool:
    """LINE takes https only; pictures of a bot on the same machine must be seen here too."""
    return scheme == "http" and host in _THIS_MACHINE


def uri(high: int = 2000, schemes: tuple[str, ...] = ("https",)) -> Check:
    """A URI with one of the schemes."""
    length = text(high)

    def check(value: Any, path: Path, problems: Problems) -> None:
        before = len(problems.found)
        length(value, path, problems)
        if len(problems.found) > before:
            return
        parts = urlsplit(str(value))
        scheme = parts.scheme.lower()
        if scheme not in schemes and not _is_beside_us(scheme, parts.hostname):
            problems.add(path, "scheme")
        elif re.search(r"\s", value) or (scheme in {"http", "https"} and not parts.netloc):
            problems.add(path, "uri")

    return check


def pattern(expression: str) -> Check:
    """A string that matches as a whole."""
    compiled = re.compile(expression)

    def check(value: Any, path: Path, problems: Problems) -> None:
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            problems.add(path, "format")

    return check


def choice(*values: str) -> Check:
    """One of some strings."""

    def check(value: Any, path: Path, problems: Problems) -> None:
        if value not in values:
            problems.add(path, "choice", choices=", ".join(values))

    return check


def whole(low: int = 0, high: int = 2_147_483_647) -> Check:
    """A whole number."""

    def check(value: Any, path: Path, problems: Problems) -> None:
        number = as_integer(value)
        if number is None:
            problems.add(path, "type")
        elif not low <= number <= high:
            problems.add(path, "range", low=low, high=high)

    return check


def number(low: float, high: float) -> Check:
    """A number with or without decimals."""

    def check(value: Any, path: Path, problems: Problems) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            problems.add(path, "type")
        elif not low <= value <= high:
            problems.add(path, "range", low=low, high=high)

    return check


def flag(value: Any, path: Path, problems: Problems) -> None:
    """true or false."""
    if not isinstance(value, bool):
        problems.add(path, "type")


def array(item: Check, low: int, high: int) -> Check:
    """A list of `low` to `high` items."""

    def check(value: Any, path: Path, problems: Problems) -> None:
        items = as_array(value)
        if items is None:
            problems.add(path, "type")
        elif not low <= len(items) <= high:
            problems.add(path, "size", low=low, high=high)
        else:
            for index, each in enumerate(items):
                item(each, (*path, index), problems)

    return check
