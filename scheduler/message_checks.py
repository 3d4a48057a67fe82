"""What is wrong with message content, found when an operator saves it and told by place and code."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from scheduler import line_limits as line
from scheduler.line_limits import limit_of, units
from scheduler.message_strings import Found, strings
from scheduler.message_tree import MessageTemplate
from scheduler.templating import BadTemplate
from scheduler.vocabulary import LINK_FACTS, is_known

LANGUAGES = ("ja", "en")
QUOTED_KEYS = frozenset({"uri", "data"})
REQUIRED = {
    "text": ("text",),
    "textV2": ("text",),
    "flex": ("altText", "contents"),
    "template": ("altText", "template"),
}


@dataclass(frozen=True)
class Problem:
    """One thing to mend: where (`ja[0].text`), what (a stable code with a translation), and its gaps."""

    path: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])


def check(
    content: Any,
    extra_facts: frozenset[str] = frozenset(),
    known_links: Callable[[], Collection[str]] | None = None,
) -> list[Problem]:
    """Return everything wrong with `content`, [] when it may be sent.

    One language is enough: friends of another are spoken to in the one that is there. `extra_facts`
    are names a caller fills in besides those of scheduler.vocabulary; `known_links` tells the names of
    tracked links, and is asked only when the content leads to one.
    """
    if not isinstance(content, dict) or not content:
        return [Problem("", "no_language")]
    found: list[Problem] = []
    for language, messages in cast("dict[str, Any]", content).items():
        if language not in LANGUAGES:
            found.append(Problem(language, "unknown_language", {"language": language}))
            continue
        found.extend(_language(language, messages, extra_facts))
    return found or _whole(cast("dict[str, Any]", content)) or list(_unknown_links(content, known_links))


def _whole(content: dict[str, Any]) -> list[Problem]:
    """Compile everything: misplaced or misspelt directives show only there."""
    try:
        MessageTemplate(content)
    except BadTemplate as error:
        return [Problem("", error.code, error.params)]
    return []


def _unknown_links(content: Any, known: Callable[[], Collection[str]] | None) -> Iterator[Problem]:
    named = [
        (found.path, name) for found in strings(content) if found.source for name in found.source().links
    ]
    there = known() if named and known is not None else None
    for path, name in named:
        if there is not None and name not in there:
            yield Problem(path, "unknown_link", {"name": name})


def _language(language: str, messages: Any, extra: frozenset[str]) -> Iterator[Problem]:
    if not isinstance(messages, list) or not messages:
        yield Problem(language, "no_messages")
        return
    objects = cast("list[Any]", messages)
    if len(objects) > line.MESSAGES:
        yield Problem(language, "too_many_messages", {"limit": line.MESSAGES})
    for position, message in enumerate(objects):
        yield from _message(f"{language}[{position}]", message)
    for found in strings(objects, language):
        yield from _string(found, extra)


def _message(path: str, message: Any) -> Iterator[Problem]:
    if not isinstance(message, dict):
        yield Problem(path, "not_an_object")
        return
    shown = cast("dict[str, Any]", message)
    if "$then" in shown or "$each" in shown:
        yield from _message(f"{path}.$then", shown.get("$then", shown.get("$each")))
        return
    kind = shown.get("type")
    if kind not in line.MESSAGE_TYPES:
        yield Problem(path, "unknown_type", {"type": kind})
        return
    for key in REQUIRED.get(str(kind), ()):
        if not shown.get(key):
            yield Problem(f"{path}.{key}", "missing", {"key": key})
    if kind == "flex":
        yield from _flex(f"{path}.contents", shown.get("contents"))
    if len(_listed(_mapped(shown.get("quickReply")).get("items"))) > line.QUICK_REPLIES:
        yield Problem(f"{path}.quickReply", "too_many_quick_replies", {"limit": line.QUICK_REPLIES})


def _flex(path: str, container: Any) -> Iterator[Problem]:
    shown = _mapped(container)
    if shown.get("type") not in {"bubble", "carousel"}:
        yield Problem(path, "unknown_type", {"type": shown.get("type")})
        return
    is_bubble = shown["type"] == "bubble"
    bubbles = [container] if is_bubble else _listed(shown.get("contents"))
    if len(bubbles) > line.BUBBLES:
        yield Problem(path, "too_many_bubbles", {"limit": line.BUBBLES})
    for bubble in bubbles:
        yield from _size(path, bubble, line.BUBBLE_BYTES)
    if not is_bubble:
        yield from _size(path, container, line.CAROUSEL_BYTES)


def _size(path: str, container: Any, limit: int) -> Iterator[Problem]:
    size = len(json.dumps(container, ensure_ascii=False, separators=(",", ":")).encode())
    if size > limit:
        yield Problem(path, "flex_too_big", {"bytes": size, "limit": limit})


def _string(found: Found, extra: frozenset[str]) -> Iterator[Problem]:
    if found.source is None:
        yield from _static(found)
        return
    try:
        source = found.source()
    except BadTemplate as error:
        yield Problem(found.path, error.code, error.params)
        return
    for fact in sorted(source.facts):
        top = fact.split(".")[0]
        if top not in found.loop_names and top not in extra and not is_known(fact):
            yield Problem(found.path, "unknown_fact", {"fact": fact})
    if found.key in QUOTED_KEYS:
        for fact in sorted(source.unquoted - LINK_FACTS):
            yield Problem(found.path, "unquoted_in_link", {"fact": fact})


def _static(found: Found) -> Iterator[Problem]:
    limit = limit_of(found.owner, found.key)
    if limit is None:
        return
    if units(found.text) > limit.units:
        code = {"text": "text_too_long", "altText": "alt_text_too_long"}.get(found.key, "too_long")
        yield Problem(found.path, code, {"limit": limit.units, "length": units(found.text)})
    if limit.form and not limit.form.fullmatch(found.text):
        yield Problem(found.path, "bad_link", {"link": found.text[:100]})


def _mapped(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _listed(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []
