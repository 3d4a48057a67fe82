"""The faults found in one request body, where they are and how LINE words them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]

PLAIN: Mapping[str, str] = {
    "empty": "May not be empty",
    "missing": "May not be empty",
    "length": "Length must be between {low} and {high}",
    "size": "Size must be between {low} and {high}",
    "range": "Must be between {low} and {high}",
    "choice": "Must be one of the following values: [{choices}]",
    "type": "invalid property",
    "unknown": "unknown field",
    "format": "invalid property",
    "uri": "invalid uri",
    "scheme": "invalid uri scheme",
}
FLEX: Mapping[str, str] = {
    **PLAIN,
    "empty": "must be non-empty text",
    "missing": "must be specified",
    "length": "invalid property",
    "size": "invalid property",
    "range": "invalid property",
    "choice": "invalid property",
}


@dataclass(frozen=True)
class Problem:
    """One fault at a path of keys and indexes: from the top of the body, or from the Flex container of `message`."""

    path: Path
    text: str
    in_flex: bool = False
    message: str = ""


@dataclass
class Problems:
    """Collects faults; `flex_root` is the path of the Flex container being checked, if any."""

    found: list[Problem] = field(default_factory=list[Problem])
    flex_root: Path | None = None

    def add(self, path: Path, code: str, **values: Any) -> None:
        """Note a fault by the code of its phrase."""
        phrases = PLAIN if self.flex_root is None else FLEX
        self.say(path, phrases[code].format(**values))

    def say(self, path: Path, text: str) -> None:
        """Note a fault in words of its own."""
        if self.flex_root is None:
            self.found.append(Problem(path, text))
        else:
            inside = path[len(self.flex_root) :]
            self.found.append(Problem(inside, text, in_flex=True, message=dotted(self.flex_root[:2])))


def dotted(path: Path) -> str:
    """messages[0].text, the form LINE uses for most properties."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def pointer(path: Path) -> str:
    """/body/contents/0/text, the form LINE uses inside a Flex container."""
    return "".join(f"/{part}" for part in path)
