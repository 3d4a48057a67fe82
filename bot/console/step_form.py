"""The form of one scenario step: when it goes out, how long it makes sense, and each text of its message."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any

from flask_babel import gettext as _

from bot.console import fact_tokens, ride_hours
from bot.i18n import N_
from bot.words import problem_words
from scheduler import message_texts
from scheduler.message_checks import LANGUAGES, Problem, check
from scheduler.models import Step
from scheduler.step_changes import Timing
from scheduler.step_settings import LONGEST_DAYS

HOUR = timedelta(hours=1)
LABELS = {
    "altText": N_("通知とトーク一覧に出る文"),
    "text": N_("文章"),
    "label": N_("ボタンの文字"),
    "displayText": N_("ボタンを押したときにトークに出る文"),
    "title": N_("見出し"),
}
"""What the text under each key of a message is called."""


@dataclass(frozen=True)
class TextField:
    """One text of the message: where it stands, what it is, what is stored there."""

    path: str
    language: str
    key: str
    number: int
    """Counted among those of its kind and language, 0 = the only one."""
    source: str

    @property
    def label(self) -> str:
        """What it is called on the page."""
        name = _(LABELS[self.key])
        return f"{name} {self.number}" if self.number else name

    @property
    def id(self) -> str:
        """Its id on the page: a path has dots and brackets, which a selector would take for its own."""
        return "text-" + self.path.translate(str.maketrans(".[]", "---"))


@dataclass
class StepForm:
    """What stands in the form, and what must be mended in it."""

    fields: list[TextField]
    values: dict[str, str]
    errors: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def add(self, name: str, words: str) -> None:
        """Put what is wrong beside a field; under "" it is told at the top."""
        self.errors.setdefault(name, []).append(words)

    def of(self, language: str) -> list[TextField]:
        """Return the texts of one language."""
        return [each for each in self.fields if each.language == language]

    def timing(self, stored: Timing) -> Timing:
        """Return when the step is due; what cannot be read is noted and stays as stored."""
        delay = self._span("delay") + stored.delay % HOUR
        valid = self._span("valid")
        leftover = stored.valid_for % HOUR if stored.valid_for else timedelta()
        rides = ride_hours.typed(self._number(ride_hours.FIELD, ride_hours.MOST), stored.rides_for)
        return Timing(delay, self._time("at_time"), (valid + leftover) or None, rides)

    def _span(self, name: str) -> timedelta:
        return timedelta(
            days=self._number(f"{name}_days", LONGEST_DAYS), hours=self._number(f"{name}_hours", 23)
        )

    def _number(self, name: str, most: int) -> int:
        text = self.values.get(name, "").strip()
        if text and not (text.isascii() and text.isdecimal() and len(text) < 5 and int(text) <= most):
            self.add(name, _("0から%(most)sまでの数字で入力してください。", most=most))
            return 0
        return int(text or 0)

    def _time(self, name: str) -> time | None:
        text = self.values.get(name, "").strip()
        try:
            return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None) if text else None
        except ValueError:
            self.add(name, _("時刻を 21:00 のように入力してください。"))
            return None

    def content(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return the message as it was typed; what is wrong with it is noted beside its text."""
        said = {each.path: self._source(each) for each in self.fields}
        for each in self.fields:
            if not said[each.path] and not self._may_be_empty(each):
                self.add(each.path, _("空欄にはできません。"))
        content = message_texts.reworded(stored, said)
        if is_plain(stored):
            texts = {each.language: said[each.path] for each in self.fields}
            first = next(iter(stored.values()))[0]
            content = {language: [first | {"text": text}] for language, text in texts.items() if text}
        if not self.errors:
            self._note(check(content))
        return content

    def _may_be_empty(self, each: TextField) -> bool:
        """Whether friends of its language are spoken to in Japanese instead."""
        return each.language != LANGUAGES[0] and not each.number and each.key == "text" and self.is_plain

    @property
    def is_plain(self) -> bool:
        """Whether the message is one text in each language."""
        return len(self.fields) == len(LANGUAGES) and all(
            each.key == "text" and each.path == f"{each.language}[0].text" for each in self.fields
        )

    def _source(self, each: TextField) -> str:
        typed = self.values.get(each.path)
        if typed is None:
            return each.source
        # Browsers send the ends of lines as \r\n.
        text = typed.replace("\r\n", "\n").strip()
        if text == fact_tokens.to_text(each.source, each.language).strip():
            return each.source
        return fact_tokens.to_source(text, each.source, each.language)

    def _note(self, problems: list[Problem]) -> None:
        known = {each.path for each in self.fields}
        for problem in problems:
            place = problem.path if problem.path in known else ""
            self.add(place, problem_words(problem.code, problem.params))


def is_plain(content: Mapping[str, Any]) -> bool:
    """Tell whether a message is one plain text in each of its languages."""
    return bool(content) and all(
        len(objects) == 1 and objects[0].keys() == {"type", "text"} and objects[0]["type"] == "text"
        for objects in content.values()
    )


def text_fields(content: Mapping[str, Any]) -> list[TextField]:
    """Return the texts of a message; a plain one can be said in every language."""
    found = message_texts.texts(content)
    if is_plain(content):
        missing = [language for language in LANGUAGES if language not in content]
        found += [message_texts.Words(f"{language}[0].text", "text", "") for language in missing]
    fields: list[TextField] = []
    for each in found:
        language = each.path[:2]
        alike = [one for one in found if (one.path[:2], one.key) == (language, each.key)]
        number = alike.index(each) + 1 if len(alike) > 1 else 0
        fields.append(TextField(each.path, language, each.key, number, each.text))
    return sorted(fields, key=lambda one: LANGUAGES.index(one.language) if one.language in LANGUAGES else 9)


def filled(step: Step, fields: list[TextField]) -> dict[str, str]:
    """Return what stands in the form for a stored step."""
    valid = step.valid_for or timedelta()
    return {
        "delay_days": str(step.delay.days),
        "delay_hours": str(step.delay.seconds // 3600),
        "at_time": f"{step.at_time:%H:%M}" if step.at_time else "",
        "valid_days": str(valid.days) if step.valid_for else "",
        "valid_hours": str(valid.seconds // 3600) if step.valid_for else "",
        ride_hours.FIELD: ride_hours.shown(step.rides_for),
    } | {each.path: fact_tokens.to_text(each.source, each.language) for each in fields}
