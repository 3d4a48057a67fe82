"""The form of conditions: every tree comes back as it was, nothing typed is lost, and what is wrong is told beside it."""

import json
from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, render_template
from hypothesis import HealthCheck, given, settings
from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.console import condition_fields, condition_form, condition_kinds, condition_labels
from bot.console.condition_form import Draft
from bot.services import Services
from segments.condition_leaves import LEAVES
from segments.conditions import All, AnyOf, Condition, NoneOf, dump, parse
from segments.models import Tag
from tests.bot.console.sent_forms import buttons, sent
from tests.builders import a_friend, a_product
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.condition_trees import trees

Page = Callable[[Draft], str]
ODD: list[dict[str, Any]] = [
    {"is": "stage", "stages": ["regular", "trial", "regular"]},
    {"is": "tag", "names": [" 前後に空白 ", "a", "a"], "match": "all", "set_by": ["operator:3", "rule"]},
    {"is": "friends", "ids": list(range(120, 0, -1))},
    {"is": "friends", "ids": []},
    {"is": "field_contains", "name": " ", "text": " 茶 "},
    {"is": "field_number", "name": "x", "at_least": 1e-7, "at_most": 12345678.9},
    {"is": "field", "name": 'a "b" <c>', "values": ["&amp;", "'", "あ" * 128]},
    {"is": "rfm", "recency": {"at_least": 1, "at_most": 5}},
    {"is": "random", "percent": 100, "salt": "\u2028\u3000"},
    {"is": "stage_changed", "ladder": "class", "to": ["gone_rung", "loyal"]},
    {"is": "audience", "audience_id": 2**63 - 1, "reacted": False},
    {"is": "segment", "segment_id": 99},
    {"is": "all", "of": []},
    {"is": "none", "of": [{"is": "everyone"}]},
    {"is": "any", "of": [{"is": "all", "of": []}]},
]


@pytest.fixture
def page(app: Flask, services: Services) -> Generator[Page]:
    def drawn(draft: Draft) -> str:
        with services.database.reading() as session:
            builder = condition_form.shown(session, draft)
        return render_template("console/condition_builder.html", builder=builder)

    with app.test_request_context("/console/"):
        yield drawn


def a_tag(session: Session, name: str) -> None:
    session.add(Tag(name=name, created_at=NOW))


@given(trees())
@settings(
    max_examples=60,
    deadline=timedelta(seconds=20),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_condition_comes_back_from_its_form_as_it_was(page: Page, tree: Condition) -> None:
    draft = condition_form.read(sent(page(condition_form.of(tree, "c"))), "c")
    # A name that this shop does not have is told when it is shown, not when it is read.
    assert (draft.tree, draft.errors) == (tree, {})
    again = condition_form.read(sent(page(draft), "show"), "c")
    assert (again.tree, again.pressed) == (tree, True)


@pytest.mark.parametrize("data", ODD)
def test_odd_but_valid_conditions_come_back_too(page: Page, data: dict[str, Any]) -> None:
    tree = parse(data)
    assert condition_form.read(sent(page(condition_form.of(tree, "c"))), "c").tree == tree


def test_conditions_may_be_nested_as_deep_as_the_engine_goes(page: Page) -> None:
    tree: Condition = parse({"is": "blocked"})
    for _ in range(10):
        tree = NoneOf(of=[tree])
    assert condition_form.read(sent(page(condition_form.of(tree, "c"))), "c").tree == tree
    # At the bottom no further group is offered.
    offered = [each for each in buttons(page(condition_form.of(tree, "c"))) if each.startswith("group:")]
    assert max(offered, key=len) == "group:0.0.0.0.0.0.0.0"


def test_every_kind_has_a_name_and_every_field_a_label() -> None:
    kinds = {each.model_fields["kind"].default for each in LEAVES} | {"segment"}
    assert {kind for group in condition_kinds.GROUPS.values() for kind in group} == kinds
    for kind in kinds:
        for field in condition_fields.fields_of(kind):
            assert condition_labels.label_of(kind, field.name)


def test_each_kind_can_be_added_and_says_what_it_lacks_only_when_it_is_saved(page: Page) -> None:
    for kind in condition_fields.CLASSES:
        form = sent(page(condition_form.of(None, "c")), "add:", c__new=kind)
        draft = condition_form.read(form, "c")
        assert (draft.pressed, draft.focus, draft.errors) == (True, "c.0", {}), kind
        saved = condition_form.read(sent(page(draft)), "c")
        needs = bool(condition_fields.fields_of(kind)) and saved.tree is None
        assert bool(saved.errors) == needs, kind


def test_conditions_are_built_moved_removed_and_put_back_by_buttons_alone(page: Page) -> None:
    def press(draft: Draft, button: str, **changed: str) -> Draft:
        assert button in buttons(page(draft)), button
        return condition_form.read(sent(page(draft), button, **changed), "c")

    draft = press(condition_form.of(None, "c"), "add:", c__new="purchase_count")
    draft = press(draft, "group:", c__0__at_least="２")
    draft = press(draft, "add:1", c__1__new="due_within")
    draft = press(draft, "add:1", c__1__0__days="7", c__1__new="blocked")
    draft = press(draft, "up:1.1", c__1__is="none")
    assert draft.tree == All(
        of=[
            parse({"is": "purchase_count", "at_least": 2}),
            NoneOf(of=[parse({"is": "blocked"}), parse({"is": "due_within", "days": 7})]),
        ]
    )
    assert draft.focus == "c.1.0.up"
    gone = press(draft, "remove:1")
    assert gone.tree == All(of=[parse({"is": "purchase_count", "at_least": 2})])
    back = press(gone, "back")
    assert back.tree == draft.tree
    assert isinstance(draft.tree, All)
    assert press(press(draft, "remove:0"), "show").tree == All(of=list(draft.tree.of[1:]))


def test_what_is_wrong_is_told_beside_its_field_and_stays_as_it_was_typed(page: Page) -> None:
    tree = AnyOf(
        of=[
            parse({"is": "purchase_count", "at_least": 2}),
            parse({"is": "due_within", "days": 7}),
            parse({"is": "field_date", "name": "契約", "from_date": "2026-11-21"}),
            parse({"is": "followed", "within_days": 7}),
            parse({"is": "tag", "names": ["VIP"]}),
        ]
    )
    form = sent(
        page(condition_form.of(tree, "c")),
        **{
            "c.0.at_least": "二回",
            "c.1.days": "0",
            "c.2.from_date": "0001-01-01",
            "c.3.within_days": "",
        },
    )
    form.setlist("c.4.names", [])
    draft = condition_form.read(form, "c")
    assert draft.tree is None
    assert draft.errors == {
        "c.0.at_least": ["0から1,000,000,000までの数字で入力してください。"],
        "c.1.days": ["1から3,660までの数字で入力してください。"],
        "c.2.from_date": ["日付を1900年から2200年までの 2026-11-21 の形で入力してください。"],
        "c.3": ["どれか1つは入力してください。"],
        "c.4.names": ["1つ以上選んでください。"],
    }
    drawn = page(draft)
    for words in ('value="二回"', 'value="0001-01-01"', 'id="c.0.at_least-error"', "1つ以上選んでください。"):
        assert words in drawn


def test_a_tag_that_is_gone_is_named_and_not_dropped(page: Page, services: Services) -> None:
    tree = parse({"is": "tag", "names": ["常連", "お茶会"]})
    with services.database.begin() as session:
        a_tag(session, "常連")
        a_tag(session, "お茶会")
    draft = condition_form.of(tree, "c")
    page(draft)
    assert draft.errors == {}
    with services.database.begin() as session:
        session.execute(delete(Tag).where(Tag.name == "お茶会"))
    draft = condition_form.of(tree, "c")
    drawn = page(draft)
    assert draft.errors == {"c.0.names": ["「お茶会」が見つかりません。削除されたか、名前が変わっています。"]}
    assert 'value="お茶会" checked' in drawn
    assert condition_form.read(sent(drawn), "c").tree == tree


def test_what_a_newer_program_wrote_is_kept_named_and_only_removed_by_hand(page: Page) -> None:
    data = {"is": "all", "of": [{"is": "blocked"}, {"is": "zodiac", "signs": ["牡羊座"]}]}
    draft = condition_form.of(data, "c")
    assert draft.tree is None
    assert "zodiac" in draft.errors["c.1"][0]
    again = condition_form.read(sent(page(draft)), "c")
    assert (again.tree, list(again.errors)) == (None, ["c.1"])
    assert json.loads(again.whole.parts[1].raw) == data["of"][1]
    assert condition_form.read(sent(page(again), "remove:1"), "c").tree == All(of=[parse({"is": "blocked"})])


def test_choices_come_from_the_shop_and_what_is_typed_is_added(page: Page, services: Services) -> None:
    with services.database.begin() as session:
        a_product(session, code="SEN", name="煎茶", category="お茶")
        for number in range(20):
            a_tag(session, f"タグ{number:02}")
    draft = condition_form.read(sent(page(condition_form.of(None, "c")), "add:", c__new="bought"), "c")
    drawn = page(draft)
    assert '<input class="form-check-input" type="checkbox" name="c.0.products" value="SEN"' in drawn
    assert "煎茶" in drawn
    draft = condition_form.read(sent(page(condition_form.of(None, "c")), "add:", c__new="tag"), "c")
    drawn = page(draft)
    assert '<option value="タグ07">' in drawn
    assert 'type="checkbox" name="c.0.names"' not in drawn
    draft = condition_form.read(sent(drawn, "more:0.names", **{"c.0.names.more": " タグ07 "}), "c")
    assert draft.tree == All(of=[parse({"is": "tag", "names": ["タグ07"]})])
    assert 'name="c.0.names" value="タグ07" checked' in page(draft)


def test_a_friend_is_picked_by_what_the_suggestions_say(page: Page, services: Services) -> None:
    with services.database.begin() as session:
        number = a_friend(session, display_name="田中さくら").id
    draft = condition_form.read(sent(page(condition_form.of(None, "c")), "add:", c__new="friends"), "c")
    form = sent(page(draft), "more:0.ids", **{"c.0.ids.more": f"{number} 田中さくら"})
    draft = condition_form.read(form, "c")
    assert draft.tree == All(of=[parse({"is": "friends", "ids": [number]})])
    assert "田中さくら" in page(draft)


def test_forms_of_strangers_are_read_without_harm(page: Page) -> None:
    hostile = sent(page(condition_form.of(None, "c")))
    for name, value in {
        "c.0.is": "stage",
        "c.0.stages": "king",
        "c.999.is": "due_within",
        "c.999.category.was": '["x", {"a": 1}]',
        "c." + ".".join("0" * 40) + ".is": "all",
        "c.5.9.is": "blocked",
        "c.removed": '{"at": [7], "part": {"kind": 3}}',
        "c.do": "back",
    }.items():
        hostile[name] = value
    draft = condition_form.read(hostile, "c")
    assert draft.tree is None
    assert list(draft.errors) == ["c.0.stages"]
    page(draft)
    for button in ("add:9.9", "up:", "remove:77", "more:0.0.x", "group:" + ".".join("0" * 30), "???"):
        draft = condition_form.read(sent(page(condition_form.of(None, "c")), button), "c")
        assert dump(draft.tree or All(of=[])) == {"version": 1, "is": "all", "of": []}
