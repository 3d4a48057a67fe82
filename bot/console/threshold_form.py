"""Reads thresholds of any policy out of a form, and fills a form with them; the limits are the policy's own."""

import unicodedata
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from typing import Any

from flask_babel import gettext as _

from bot.console.typed import Typed
from bot.policy_words import THRESHOLDS, Threshold
from segments.ladder_policies import Thresholds


@dataclass(frozen=True)
class Asked:
    """One threshold of a form: what it is called and what it takes."""

    name: str
    words: Threshold
    least: float
    most: float
    optional: bool
    is_float: bool
    default: Any


def asked(policy: str, kind: type[Thresholds]) -> list[Asked]:
    """Return the thresholds of a policy in the order in which it names them."""
    return [_asked(each, THRESHOLDS[policy][each.name]) for each in fields(kind)]


def _asked(each: Field[Any], words: Threshold) -> Asked:
    limits = each.metadata
    return Asked(
        name=each.name,
        words=words,
        least=limits["least"],
        most=limits["most"],
        optional=bool(limits.get("optional")),
        is_float=limits["kind"] is float,
        default=each.default,
    )


def read(form: Typed, wanted: list[Asked], prefix: str = "") -> dict[str, Any]:
    """Return the numbers typed; what cannot be is noted beside its field and left out."""
    found: dict[str, Any] = {}
    for each in wanted:
        name = f"{prefix}{each.name}"
        text = plain(form.text(name))
        if not text and each.optional:
            found[each.name] = None
            continue
        number = _number(text, each.is_float)
        if number is None or not each.least <= number <= each.most:
            form.add(name, limits_words(each.least, each.most))
        else:
            found[each.name] = number
    return found


def plain(text: str) -> str:
    """Return digits as machines write them: full-width ones and thousands' commas are typed in Japan."""
    return unicodedata.normalize("NFKC", text).replace(",", "").strip()


def limits_words(least: float, most: float) -> str:
    """Return what a threshold takes."""
    return _(
        "%(least)sから%(most)sまでの数字で入力してください。", least=f"{least:,g}", most=f"{int(most):,}"
    )


def _number(text: str, is_float: bool) -> float | None:
    try:
        return float(text) if is_float and "." in text else int(text)
    except ValueError:
        return None


def filled(data: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return a policy's numbers as a form has them."""
    return {f"{prefix}{name}": _typed(value) for name, value in data.items()}


def _typed(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
