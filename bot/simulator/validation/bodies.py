"""Whole request bodies: messages and recipients, with LINE's way of answering what is wrong."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from bot.simulator import ids
from bot.simulator.errors import LineError, body_errors, invalid_property
from bot.simulator.json_types import JsonObject, as_array, as_object, compact
from bot.simulator.validation.menus import RICH_MENU
from bot.simulator.validation.messages import MESSAGES
from bot.simulator.validation.problems import Problem, Problems, dotted, pointer

MULTICAST_RECIPIENTS = 500


def parse(raw: bytes) -> JsonObject:
    """The JSON object in a request body. Raises LineError 400."""
    try:
        found = as_object(json.loads(raw))
    except ValueError as failure:
        line, column = getattr(failure, "lineno", "-"), getattr(failure, "colno", "-")
        raise LineError(
            400, f"The request body could not be parsed as JSON (line: {line}, column: {column})"
        ) from failure
    if found is None:
        raise LineError(400, "The request body could not be parsed as JSON (line: -, column: -)")
    return found


def messages_of(body: JsonObject) -> list[JsonObject]:
    """The checked `messages` of a body. Raises LineError 400."""
    messages = as_array(body.get("messages"))
    if messages is None:
        raise body_errors([("May not be empty", "messages")])
    _refuse(_problems_of_messages(compact(messages)))
    return messages


def rich_menu_of(body: JsonObject) -> JsonObject:
    """The checked rich menu. Raises LineError 400."""
    problems = Problems()
    RICH_MENU(body, (), problems)
    _refuse(tuple(problems.found))
    return body


def recipient_of(body: JsonObject) -> str:
    """The checked `to` of a push. Raises LineError 400."""
    to = body.get("to")
    if not isinstance(to, str) or ids.CHAT_ID.fullmatch(to) is None:
        raise invalid_property("to")
    return to


def recipients_of(body: JsonObject, name: str = "to") -> list[str]:
    """The checked list of user ids, each once. Raises LineError 400."""
    listed = as_array(body.get(name))
    if listed is None:
        raise body_errors([("May not be empty", name)])
    if not 1 <= len(listed) <= MULTICAST_RECIPIENTS:
        raise body_errors([(f"Size must be between 1 and {MULTICAST_RECIPIENTS}", name)])
    for index, each in enumerate(listed):
        if not isinstance(each, str) or ids.USER_ID.fullmatch(each) is None:
            raise invalid_property(f"{name}[{index}]")
    return list(dict.fromkeys(listed))


def unit_of(body: JsonObject) -> str | None:
    """The checked aggregation unit. Raises LineError 400."""
    units = body.get("customAggregationUnits")
    if units is None:
        return None
    listed: list[Any] | None = as_array(units)
    if listed is None or len(listed) > 1:
        raise body_errors([("Size must be between 0 and 1", "customAggregationUnits")])
    for each in listed:
        if not isinstance(each, str) or ids.UNIT_NAME.fullmatch(each) is None:
            raise body_errors([("Must match ^[a-zA-Z0-9_]{1,30}$", "customAggregationUnits[0]")])
    return listed[0] if listed else None


# A campaign sends one body to many people: checking it once keeps the simulator as fast as its sender.
@lru_cache(maxsize=512)
def _problems_of_messages(messages: str) -> tuple[Problem, ...]:
    problems = Problems()
    MESSAGES(json.loads(messages), ("messages",), problems)
    return tuple(problems.found)


def _refuse(found: Sequence[Problem]) -> None:
    if not found:
        return
    flex = [problem for problem in found if problem.in_flex]
    if flex:
        details = [(problem.text, pointer(problem.path) or "/") for problem in flex]
        raise LineError(400, f"A message ({flex[0].message}) in the request body is invalid", details=details)
    raise body_errors([(problem.text, dotted(problem.path)) for problem in found])
