"""Scenario files that are wrong: every problem with its line and its field, and nothing stored."""

import json
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select

from bot.scenario_file_words import all_words
from scheduler import scenario_files
from scheduler.json_lines import line_of
from scheduler.models import Message, Scenario
from scheduler.scenario_shapes import Problem
from segments.db import Database
from segments.errors import Invalid
from tests.fakes.clock import A_SATURDAY as NOW
from tests.scheduler.scenario_walks import made, say

GONE = object()
GOOD: dict[str, Any] = {
    "kokyaku": "scenario",
    "name": "誕生日",
    "starts": {"date": "birthday", "days_before": 7},
    "steps": [
        {"do": "wait", "after": {"days": 1}},
        {
            "do": "branch",
            "if": {"is": "everyone"},
            "yes": [{"do": "wait_until", "if": {"is": "everyone"}, "latest_days": 2}],
        },
    ],
}


def changed(*path: str | int, to: Any) -> str:
    """Return the good file with one value changed; `to=GONE` takes it out."""
    data = json.loads(json.dumps(GOOD))
    place: Any = data
    for part in path[:-1]:
        place = place[part]
    if to is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return json.dumps(data, indent=1)


def refused(database: Database, text: str) -> Invalid:
    with pytest.raises(Invalid) as told, database.begin() as session:
        scenario_files.create(session, text, "test", NOW)
    with database.reading() as session:
        assert session.scalars(select(Scenario)).all() == []
        assert session.scalars(select(Message)).all() == []
    return told.value


@pytest.mark.parametrize(
    ("path", "to", "at"),
    [
        (("steps", 0, "after", "days"), "five", "steps.0.after.days"),
        (("steps", 0, "afer"), {}, "steps.0.afer"),
        (("steps", 0, "do"), "comet", "steps.0.do"),
        (("steps", 0, "at"), "25:00", "steps.0.at"),
        (("name",), GONE, "name"),
        (("starts",), {"event": "comet"}, ""),
        (("starts",), {"date": "field"}, ""),
        (("again",), {"after_days": 0}, "again"),
        (("steps", 1, "yes", 0, "latest_days"), GONE, "steps.1.yes.0.latest_days"),
        (("steps", 1, "if"), {"is": "nonsense"}, "steps.1"),
        (("steps", 0, "do"), "message", "steps.0"),
        (("steps", 0), {"do": "message", "message": "no such"}, "steps.0.message"),
        (("steps", 0), {"do": "message", "message": {"content": {"ja": []}}}, "steps.0.message.content.ja"),
        (("steps", 0), {"do": "action", "effects": {"coupon": "no such"}}, "steps.0.coupon"),
        (("steps", 0, "rides_for"), {"hours": 5}, "steps.0.rides_for"),
        (("steps", 0), say("話す", rides_for={"days": 31}), "steps.0.rides_for"),
        (("steps", 0), say("話す", rides_for={}), "steps.0.rides_for"),
        (("steps", 0), say("話す", rides_for="a day"), "steps.0.rides_for"),
        (("steps", 0), say("話す", rides_for={"hours": -1}), "steps.0.rides_for.hours"),
    ],
)
def test_a_wrong_file_says_where_it_is_wrong_and_stores_nothing(
    sqlite: Database, path: tuple[str | int, ...], to: Any, at: str
) -> None:
    error = refused(sqlite, changed(*path, to=to))
    assert error.code == "scenario_file_invalid"
    problems = cast("list[Problem]", error.params["problems"])
    assert any(problem.at.startswith(at) for problem in problems), [problem.at for problem in problems]
    for language in ("ja", "en"):
        assert all(words for words in all_words(error, language))


def test_waiting_too_long_for_a_reply_is_told_with_its_line_in_both_languages(sqlite: Database) -> None:
    text = '{"kokyaku": "scenario", "name": "あ", "starts": {"event": "purchased"}, "steps": [\n'
    text += json.dumps(say("話す"))[:-1] + ',\n"rides_for": {"days": 31}}\n]}'
    error = refused(sqlite, text)
    assert all_words(error, "ja") == [
        "3行目 steps.0.rides_for: 返信を待つ時間は、0より長く30日までにしてください。"
    ]
    assert all_words(error, "en") == [
        "line 3 steps.0.rides_for: A step may wait for a reply for more than 0 and up to 30 days."
    ]


def test_how_long_a_message_waits_for_a_reply_goes_through_files_and_copies(database: Database) -> None:
    span = {"days": 1, "hours": 6, "minutes": 30}
    with database.begin() as session:
        first = made(session, say("待つ", rides_for=span), say("待たない"))
        told = scenario_files.export(session, first.id)
        assert [step.get("rides_for") for step in told["steps"]] == [span, None]
        again = scenario_files.create(session, json.dumps(told), "test", NOW)
        copied = scenario_files.copy(session, first.id, "%(name)sのコピー", "test", NOW)
        session.expire_all()
        for each in (first, again, copied):
            assert [step.rides_for for step in each.steps] == [timedelta(days=1, hours=6, minutes=30), None]
        # Over its own scenario a file is the whole truth: what it leaves out is taken off.
        told["steps"][1]["rides_for"] = told["steps"][0].pop("rides_for")
        scenario_files.replace(session, first.id, json.dumps(told), "test", NOW)
        session.expire_all()
        assert [step.rides_for for step in first.steps] == [None, timedelta(days=1, hours=6, minutes=30)]


def test_a_file_that_is_no_json_names_the_line(sqlite: Database) -> None:
    error = refused(sqlite, '{\n "kokyaku": "scenario",\n "name": oops\n}')
    assert all_words(error, "ja") == ["3行目: JSONとして読めません（Expecting value）"]
    assert all_words(error, "en") == ["line 3: this is not JSON (Expecting value)"]


def test_the_line_of_a_value_is_found_in_the_text() -> None:
    text = '{\n "a": [\n  {"x\\"}": 1},\n  {"b": {\n   "c": 2}}\n ]\n}'
    assert line_of(text, ("a", 0)) == 3
    assert line_of(text, ("a", 1, "b", "c")) == 5
    assert line_of(text, ("a", 1, "nothing")) == 4
    assert line_of(text, ("b",)) == 1
    assert line_of("[]", ("a",)) == 1


def test_everything_wrong_is_told_at_once(sqlite: Database) -> None:
    error = refused(sqlite, changed("steps", to=[{"do": "x"}, {"do": "y"}]))
    assert len(all_words(error, "ja")) == 2


def test_steps_and_arms_have_an_end(sqlite: Database) -> None:
    many = changed("steps", to=[{"do": "wait"}] * 101)
    assert "100" in all_words(refused(sqlite, many), "ja")[0]
    deep: list[dict[str, Any]] = [{"do": "wait"}]
    for _ in range(6):
        deep = [{"do": "branch", "if": {"is": "everyone"}, "yes": deep}]
    assert all_words(refused(sqlite, changed("steps", to=deep)), "ja")
