"""Fills the editor's form from a stored version: as it was typed, or from its message objects when it was not made there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from bot.console import fact_code
from bot.console.message_form import MessageForm
from bot.console.step_form import LABELS
from scheduler import message_texts
from scheduler.models import Message, MessageVersion, Purpose

Objects = list[dict[str, Any]]


def blank(kind: str = "text", purpose: Purpose = Purpose.SALES) -> MessageForm:
    """Return the form of a new message."""
    return MessageForm({"n": "1", "b0.kind": kind, "name": "", "purpose": purpose.value})


def filled(message: Message, version: MessageVersion) -> MessageForm:
    """Return the form of a stored version."""
    values = {"name": message.name, "purpose": message.purpose.value}
    made = version.form or _fields(version.content)
    return MessageForm(values | {str(name): str(value) for name, value in made.items()})


def _fields(content: Mapping[str, Any]) -> dict[str, str]:
    spoken: dict[str, Objects] = {language: list(objects) for language, objects in content.items()}
    values = {
        "n": str(max(len(objects) for objects in spoken.values())),
        "with_en": "1" if "en" in spoken else "",
    }
    for place in range(int(values["n"])):
        there = {language: objects[place] for language, objects in spoken.items() if place < len(objects)}
        values |= _bubble(f"b{place}.", there)
    return values


def _bubble(prefix: str, there: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    if all(each.keys() == {"type", "text"} and each["type"] == "text" for each in there.values()):
        values = {f"{prefix}kind": "text"}
        for language, each in there.items():
            values |= _typed(f"{prefix}text.{language}", each["text"], language)
        return values
    values = {f"{prefix}kind": "stored"}
    for language, each in there.items():
        values[f"{prefix}json.{language}"] = json.dumps(each, ensure_ascii=False)
        for words in message_texts.texts({language: [each]}):
            values |= _typed(f"{prefix}w.{words.path}.{language}", words.text, language)
    return values


def _typed(name: str, source: str, language: str) -> dict[str, str]:
    return {name: fact_code.to_text(source, language), f"{name}~src": source}


@dataclass(frozen=True)
class Words:
    """One text of a bubble that is made of more than the editor's fields."""

    name: str
    label: str


def words_of(form: MessageForm, place: int, language: str) -> list[Words]:
    """Return the texts of a stored bubble that may be rewritten."""
    try:
        made = json.loads(form.values.get(f"b{place}.json.{language}", ""))
    except ValueError:
        return []
    return [
        Words(f"b{place}.w.{each.path}.{language}", _(LABELS[each.key]))
        for each in message_texts.texts({language: [made]})
    ]
