"""One field of a condition between its JSON value and what stands in the form."""

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, cast

from flask_babel import gettext as _

from bot.console.condition_fields import Field, Source, Widget
from segments.leaves.node import BIGGEST_ID

Values = list[str]
SHOWN = 50
"""So many values of a list are ticked one by one; the rest travels in one hidden field."""


class Unreadable(Exception):
    """What was typed is no value of this kind; its argument says so in words."""


def written(field: Field, value: Any) -> Values:
    """Return what stands in the form for a value of the JSON; nothing for None."""
    if value is None or (value is False and field.widget is Widget.SWITCH):
        return []
    if isinstance(value, list):
        return [str(each) for each in cast("list[object]", value)]
    match field.widget:
        case Widget.SWITCH:
            return ["1"]
        case Widget.MAYBE:
            return [str(value).lower()]
        case Widget.DECIMAL:
            return [repr(float(value)).removesuffix(".0")]
        case _:
            return [str(value)]


def read(field: Field, typed: Sequence[str]) -> Any:
    """Return the JSON value of what was typed, None for nothing; raises Unreadable."""
    if field.is_list:
        return [_one(field, each) for each in typed]
    text = typed[0] if typed else ""
    match field.widget:
        case Widget.SWITCH:
            return bool(text)
        case Widget.MAYBE:
            return {"true": True, "false": False}.get(text)
        case _:
            return _one(field, text) if text else None


def _one(field: Field, text: str) -> Any:
    if field.widget is Widget.DECIMAL:
        return _number(text, float, r"-?[0-9]*\.?[0-9]*(e[+-]?[0-9]{1,3})?", _("数字で入力してください。"))
    if field.source is Source.FRIEND:
        # As the list of suggestions writes them: the number, then the name.
        text = text.strip().split(maxsplit=1)[0] if text.strip() else text
    if field.is_number:
        return _number(text, int, r"-?[0-9]{1,19}", _not_whole(field))
    return text


def _number(text: str, kind: Callable[[str], Any], pattern: str, otherwise: str) -> Any:
    plain = unicodedata.normalize("NFKC", text).strip().replace(",", "").replace("−", "-")
    if not re.fullmatch(pattern, plain):
        raise Unreadable(otherwise)
    try:
        number = kind(plain)
    except ValueError as error:
        raise Unreadable(otherwise) from error
    if abs(number) > BIGGEST_ID:
        raise Unreadable(otherwise)
    return number


def _not_whole(field: Field) -> str:
    if field.source:
        return _("一覧から選んでください。")
    return range_words(field)


def range_words(field: Field) -> str:
    """Say which numbers a field takes."""
    low, high = (f"{each:,.0f}" if each is not None else "" for each in (field.low, field.high))
    return _("%(least)sから%(most)sまでの数字で入力してください。", least=low, most=high)


def settled(field: Field, given: Callable[[str], Values]) -> Values:
    """Return what a field of a sent form holds; `given` returns the values under its name and what follows it.

    `.was` brings what a form cannot: blanks around a text, an order of its own, and whatever of a long
    list was not shown, which stays unless its box (`.keep`) was unticked. `.more` is what was typed to be added.
    """
    sent, was = given(""), _kept(given(".was"))
    if not field.is_list:
        before = was[0] if was else ""
        return [before] if before and sent[:1] == [before] else _stripped(sent)
    ticked = set(sent)
    rest = set(was[SHOWN:]) if given(".keep") else set[str]()
    old = [each for number, each in enumerate(was) if each in ticked or (number >= SHOWN and each in rest)]
    new = [each for each in sent if each not in was]
    return [*old, *new, *(each for each in _stripped(given(".more")) if each and each not in {*old, *new})]


def _stripped(values: Values) -> Values:
    return [each.strip() for each in values]


def _kept(values: Values) -> Values:
    try:
        kept: Any = json.loads(values[0]) if values else []
    except (ValueError, RecursionError):
        return []
    return [str(each) for each in cast("list[object]", kept)] if isinstance(kept, list) else []
