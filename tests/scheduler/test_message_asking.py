"""LINE asked about a message, or about all of a scenario's file, before it is stored."""

import json
from typing import Any, cast

import pytest

from scheduler import scenario_wordings
from scheduler.gateway import RefusedByLine, TemporaryGatewayError, TokenInvalid
from scheduler.message_asking import ask_line
from scheduler.scenario_shapes import Problem
from segments.errors import Invalid
from segments.shop import Shop
from tests.fakes.clock import A_SATURDAY as NOW
from tests.fakes.gateway import FakeGateway

REFUSED = RefusedByLine("no", details=(("messages[0].text", "too odd"),), status=400)


def said(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}]


BOTH = {"ja": said("こんにちは、{{ name_sama }}"), "en": said("Hello {{ name }}")}


def a_file(*messages: Any) -> str:
    steps = [{"do": "message", "name": f"S{number}", "message": each} for number, each in enumerate(messages)]
    given = {"kokyaku": "scenario", "name": "秋", "starts": {"event": "purchased"}, "steps": steps}
    return json.dumps(given, ensure_ascii=False, indent=1)


def test_line_sees_what_a_made_up_friend_of_each_language_would(gateway: FakeGateway) -> None:
    assert ask_line(gateway, BOTH, Shop(), NOW)
    assert gateway.calls == [
        ("validate/push", said("こんにちは、山田 花子様")),
        ("validate/push", said("Hello Hanako")),
    ]


def test_a_refusal_names_the_language_and_what_line_says(gateway: FakeGateway) -> None:
    gateway.fail("validate/push", REFUSED)
    with pytest.raises(Invalid) as told:
        ask_line(gateway, {"en": BOTH["en"]}, Shop(), NOW)
    assert told.value.code == "line_refused"
    assert told.value.params == {"details": "messages[0].text: too odd", "language": "en"}


def test_what_cannot_even_be_made_for_somebody_of_whom_all_is_known_is_refused(gateway: FakeGateway) -> None:
    with pytest.raises(Invalid) as told:
        ask_line(gateway, {"ja": said("{{ cause.nothing }}")}, Shop(), NOW)
    assert told.value.code == "message_not_renderable"
    assert told.value.params == {"reason": "fact_missing:nothing", "language": "ja"}
    assert gateway.calls == []


@pytest.mark.parametrize("failure", [TemporaryGatewayError("down"), TokenInvalid("no", status=401)])
def test_a_line_that_cannot_be_asked_refuses_nothing(
    gateway: FakeGateway, failure: TemporaryGatewayError | TokenInvalid
) -> None:
    gateway.fail("validate/push", failure)
    assert not ask_line(gateway, BOTH, Shop(), NOW)


def test_every_refusal_in_a_file_names_its_step_and_language(gateway: FakeGateway) -> None:
    text = a_file({"content": BOTH}, "thank_you", {"content": BOTH}, {"content": {"ja": said("{{ broken")}})
    gateway.fail("validate/push", REFUSED, times=2)
    with pytest.raises(Invalid) as told:
        scenario_wordings.ask_line_of(gateway, text, Shop(), NOW)
    assert told.value.code == "scenario_file_invalid"
    problems = cast("list[Problem]", told.value.params["problems"])
    # What our own check refuses is told by the import itself, and what is ready was asked about before.
    assert [(each.at, each.kind) for each in problems] == [
        ("steps.0.message.content.ja", "line_refused"),
        ("steps.2.message.content.ja", "line_refused"),
    ]
    assert [text.splitlines()[each.line - 1].strip() for each in problems] == ['"ja": [', '"ja": [']


def test_once_line_is_away_it_is_not_asked_about_the_rest_of_a_file(gateway: FakeGateway) -> None:
    gateway.fail("validate/push", TemporaryGatewayError("down"))
    assert not scenario_wordings.ask_line_of(
        gateway, a_file({"content": BOTH}, {"content": BOTH}), Shop(), NOW
    )
    assert len(gateway.calls) == 1


def test_a_file_that_says_nothing_of_its_own_needs_no_line(gateway: FakeGateway) -> None:
    assert scenario_wordings.ask_line_of(gateway, a_file("thank_you"), Shop(), NOW)
    assert gateway.calls == []
