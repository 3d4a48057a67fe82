"""The audit log: who did what, found again by person, action and day; every action has words."""

import ast
import csv
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest

import bot
from bot import api_keys, operators
from bot.audit_words import ACTIONS
from bot.console import audit_views
from bot.console.audit_views import Filter, People
from bot.i18n import catalogue
from bot.models import Role
from segments.db import Database
from tests.bot.browsing import PASSWORD, Visitor
from tests.fakes.clock import A_SATURDAY

PAGE = "/console/settings/audit/"
TOKYO = ZoneInfo("Asia/Tokyo")
ACTION = 2
"""Where `operators.note` takes the action."""
Function = ast.FunctionDef | ast.Module


def noted() -> dict[str, set[str]]:
    """Return every action that the program notes, with the files; through helpers that pass an action on too."""
    found: dict[str, set[str]] = {}
    for path in Path(bot.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for action in _actions(tree):
            found.setdefault(action, set()).add(path.name)
    return found


def _actions(tree: ast.Module) -> Iterator[str]:
    for function in [tree, *(each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef))]:
        for call in _own_calls(function):
            if _name(call) == "note" and len(call.args) >= 5:
                yield from _told(call.args[ACTION], function, tree)


def _own_calls(function: Function) -> Iterator[ast.Call]:
    inner = {
        id(each)
        for part in ast.walk(function)
        if part is not function and isinstance(part, ast.FunctionDef)
        for each in ast.walk(part)
    }
    return (each for each in ast.walk(function) if isinstance(each, ast.Call) and id(each) not in inner)


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _told(value: ast.expr, function: Function, tree: ast.Module) -> Iterator[str]:
    match value:
        case ast.Constant(value=str() as action):
            yield action
        case ast.IfExp():
            yield from _told(value.body, function, tree)
            yield from _told(value.orelse, function, tree)
        case ast.Name(id=name):
            yield from _through(name, function, tree)
        case ast.Attribute(value=ast.Name(id=module), attr=name):
            yield getattr(import_module(f"bot.console.{module}"), name)
        case _:
            pytest.fail(f"which action is this? {ast.unparse(value)} in {ast.unparse(function)[:300]}")


def _through(name: str, function: Function, tree: ast.Module) -> Iterator[str]:
    """Follow a name: to what it was set to here, or to what callers of this function gave."""
    for each in (*ast.walk(function), *tree.body):
        if isinstance(each, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in each.targets
        ):
            yield from _told(each.value, function, tree)
    if not isinstance(function, ast.FunctionDef):
        return
    arguments = [each.arg for each in (*function.args.args, *function.args.kwonlyargs)]
    if name not in arguments:
        return
    place = arguments.index(name)
    for call in (each for each in ast.walk(tree) if isinstance(each, ast.Call)):
        if _name(call) == function.name:
            named = next((each.value for each in call.keywords if each.arg == name), None)
            given = named or (call.args[place] if place < len(call.args) else None)
            if isinstance(given, ast.Constant | ast.IfExp):
                yield from _told(given, function, tree)


def test_every_action_that_is_noted_has_words_in_both_languages() -> None:
    found = noted()
    assert len(found) > 40
    assert {action: files for action, files in found.items() if action not in ACTIONS} == {}
    english = catalogue("en")
    assert [words for words in ACTIONS.values() if english.gettext(words) == words] == []


def test_a_person_is_found_by_number_and_by_login_alike(database: Database) -> None:
    with database.begin() as session:
        operators.create(session, "hanako", "花子", Role.OWNER, PASSWORD, A_SATURDAY)
        api_keys.add(session, "レジ", A_SATURDAY)
        for actor in ("hanako", "operator:1", "operator:9", "command line", "cli", "api:1", "tap"):
            operators.note(session, actor, "logged_in", actor, A_SATURDAY)
    with database.reading() as session:
        people = People(session, "ja")
        by_person = {
            key: [each.subject for each in audit_views.entries(session, people, Filter(key), TOKYO)[0]]
            for key, _name in people.choices()
        }
        names = {
            each.subject: each.name for each in audit_views.all_entries(session, people, Filter(), TOKYO)
        }
    assert by_person == {
        "operator:1": ["operator:1", "hanako"],
        "api:1": ["api:1"],
        "cli": ["cli", "command line"],
    }
    assert names["hanako"] == names["operator:1"] == "花子"
    assert (names["operator:9"], names["tap"], names["api:1"]) == (
        "以前の運用担当者",
        "システム",
        "API（レジ）",
    )


def test_pages_follow_each_other_without_gap_or_repeat(database: Database) -> None:
    with database.begin() as session:
        for number in range(audit_views.PAGE + 7):
            at = A_SATURDAY + timedelta(hours=number)
            operators.note(session, "cli", "tag_added" if number % 2 else "tag_removed", str(number), at)
    seen: list[str] = []
    with database.reading() as session:
        people, before = People(session, "ja"), cast("int | None", None)
        while True:
            page, before = audit_views.entries(session, people, Filter(), TOKYO, before=before)
            seen += [each.subject for each in page]
            if before is None:
                break
        day = audit_views.entries(session, people, Filter("cli", "tag_added", A_SATURDAY.date()), TOKYO)[0]
    assert seen == [str(number) for number in reversed(range(audit_views.PAGE + 7))]
    # 14:30 of that day and the nine full hours after it; every other one adds a tag.
    assert [each.subject for each in day] == ["9", "7", "5", "3", "1"]


def test_the_page_keeps_its_filter_in_the_address_and_the_file_follows_it(visitor: Visitor) -> None:
    visitor.log_in()
    with visitor.services.database.begin() as session:
        operators.note(session, "cli", "tag_added", "=1+1", A_SATURDAY, why="a")
    page = visitor.get(f"{PAGE}?person=cli&action=tag_added&day=2026-11-21").text
    assert "タグの追加" in page
    assert '<option value="cli" selected>' in page
    assert "ログイン</strong>" not in page
    answer = visitor.get(f"{PAGE}audit.csv?person=cli")
    rows = list(csv.reader(StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[1:] == [["2026-11-21 14:30:00", "コマンド", "タグの追加", "'=1+1", "why: a"]]


def test_nonsense_in_the_address_shows_everything_or_nothing_but_no_error(visitor: Visitor) -> None:
    visitor.log_in()
    assert "ログイン" in visitor.get(f"{PAGE}?day=gestern&before=x").text
    assert "当てはまる記録はありません" in visitor.get(f"{PAGE}?person=operator:99&action=nothing").text
