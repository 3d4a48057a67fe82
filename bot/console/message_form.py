"""The editor's form of a message: its bubbles as typed, moved about, and made into what LINE gets."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _

from bot.console import bubble_objects
from bot.console.bubble_fields import MOST_QUICK_REPLIES
from bot.console.bubble_kinds import BY_NAME
from bot.console.bubble_reader import Noted, Reader, Said, plain_json
from bot.console.picture_fields import Fields
from bot.words import problem_words
from scheduler.line_limits import MESSAGES
from scheduler.message_checks import Problem, check
from scheduler.message_strings import strings
from scheduler.models import Purpose
from scheduler.templating import BadTemplate

KEPT = re.compile(r"(?:b\d+\.|q\d+\.|n$|quick$|with_en$)")
"""Fields that say what the message is made of, and are kept with its version."""


@dataclass
class MessageForm:
    """What stands in the editor, and what must be mended in it."""

    values: dict[str, str]
    noted: Noted = field(default_factory=Noted)

    @property
    def count(self) -> int:
        """How many bubbles there are."""
        return max(1, min(MESSAGES, _number(self.values.get("n", "1"))))

    @property
    def quick_count(self) -> int:
        """How many rows of quick replies there are."""
        return min(MOST_QUICK_REPLIES, _number(self.values.get("quick", "0")))

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it is written in."""
        return ("ja", "en") if self.values.get("with_en") else ("ja",)

    @property
    def errors(self) -> Mapping[str, list[str]]:
        """What must be mended, by field."""
        return self.noted.errors

    @property
    def pictures(self) -> Fields:
        """Its fields, for those that hold pictures."""
        return Fields(self.values, self.noted.add)

    @property
    def purpose(self) -> Purpose:
        """Why it goes out."""
        given = self.values.get("purpose", "")
        return Purpose(given) if given in set(Purpose) else Purpose.SALES

    def kind(self, place: int) -> str:
        """Return the kind of a bubble."""
        given = self.values.get(f"b{place}.kind", "text")
        return given if given in BY_NAME else "text"

    def size(self, prefix: str, name: str, least: int, most: int) -> int:
        """Return how often a group of fields comes."""
        return max(least, min(most, _number(self.values.get(f"{prefix}{name}", ""))))

    def content(self, known_links: Callable[[], Collection[str]]) -> dict[str, Any]:
        """Return the message as it was typed; what is wrong with it is noted beside its fields."""
        made = {language: self._objects(language) for language in self.languages}
        fields = {found.path: found.text.field for found in strings(made) if isinstance(found.text, Said)}
        try:
            problems = check(made, known_links=known_links)
        except BadTemplate as error:
            problems = [Problem("", error.code, error.params)]
        for problem in problems:
            self._note(problem, fields)
        return plain_json(made)

    def _objects(self, language: str) -> list[dict[str, Any]]:
        objects: list[dict[str, Any]] = []
        for place in range(self.count):
            reader = Reader(self.values, f"b{place}.", language, self.noted)
            made = bubble_objects.build(self.kind(place), reader)
            if made is not None:
                objects.append(made)
        reader = Reader(self.values, "", language, self.noted)
        quick = bubble_objects.quick_replies(reader, self.quick_count)
        if quick and objects:
            objects[-1] = objects[-1] | {"quickReply": quick}
        return objects

    def _note(self, problem: Problem, fields: Mapping[str, str]) -> None:
        words = problem_words(problem.code, problem.params)
        if line := problem.params.get("line"):
            words = _("%(line)s行目: %(words)s", line=line, words=words)
        place = fields.get(problem.path)
        # Of a whole bubble, or of something in it that was not typed into a field of its own.
        if place is None and (bubble := re.match(r"(ja|en)\[(\d+)\]\.?(.*)", problem.path)):
            place, inside = f"b{bubble[2]}", bubble[3]
            if self.kind(int(bubble[2])) == "json":
                place = f"{place}.json.{bubble[1]}"
            words = f"{inside}: {words}" if inside else words
        place = place or ""
        told = any(name == place or name.startswith(f"{place}.") for name in self.noted.errors if place)
        if not told and not (place == "" and self.noted.errors):
            self.noted.add(place, words)

    def kept(self) -> dict[str, str]:
        """Return the fields that are kept with the version, to be edited again."""
        return {name: value for name, value in self.values.items() if KEPT.match(name)}

    def act(self, do: str) -> None:
        """Add, remove, move or turn bubbles about, as a button of the editor says: `remove:2`."""
        verb, _colon, given = do.partition(":")
        if verb == "add":
            self._add(given)
        elif verb in ("more", "less"):
            self._resize(given, 1 if verb == "more" else -1)
        elif given.isdecimal() and int(given) < self.count:
            place = int(given)
            if verb == "remove":
                self._remove(place)
            elif verb in ("up", "down"):
                self._swap(place, place + (1 if verb == "down" else -1))
            elif verb == "json":
                self._to_json(place)

    def _add(self, kind: str) -> None:
        if kind in BY_NAME and self.count < MESSAGES:
            self.values[f"b{self.count}.kind"] = kind
            self.values["n"] = str(self.count + 1)

    def _resize(self, name: str, by: int) -> None:
        if re.fullmatch(r"quick|b\d\.[a-z]{1,12}", name):
            self.values[name] = str(max(0, min(20, _number(self.values.get(name, "1")) + by)))

    def _remove(self, place: int) -> None:
        for each in range(place, self.count - 1):
            self._swap(each, each + 1)
        last = self.count - 1
        for name in [name for name in self.values if name.startswith(f"b{last}.")]:
            del self.values[name]
        self.values["n"] = str(max(1, last))

    def _swap(self, one: int, other: int) -> None:
        if not 0 <= other < self.count:
            return
        turned = {f"b{one}.": f"b{other}.", f"b{other}.": f"b{one}."}
        self.values = {
            (turned[name[:3]] + name[3:] if name[:3] in turned else name): value
            for name, value in self.values.items()
        }

    def _to_json(self, place: int) -> None:
        made = {
            language: bubble_objects.build(
                self.kind(place), Reader(self.values, f"b{place}.", language, Noted())
            )
            for language in self.languages
        }
        self.values[f"b{place}.kind"] = "json"
        for language, shown in made.items():
            text = json.dumps(plain_json(shown or {}), ensure_ascii=False, indent=2)
            self.values[f"b{place}.json.{language}"] = text

    def ask_name(self) -> str:
        """Return the name; a missing one is noted."""
        name = self.values.get("name", "").strip()
        if not name:
            self.noted.add("name", _("名前を入力してください。"))
        elif len(name) > 128:
            self.noted.add("name", _("名前は%(limit)s文字以内で入力してください。", limit=128))
        return name


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 4 else 0
