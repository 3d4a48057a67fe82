"""Conditions as data: what is written is read back, and nothing unknown is dropped."""

import json

import pytest
from hypothesis import given

from segments.conditions import dump, leaves, parse
from segments.errors import Invalid
from tests.segments.condition_trees import trees


@given(trees())
def test_a_condition_survives_json(condition: object) -> None:
    written = json.loads(json.dumps(dump(condition)))  # pyright: ignore[reportArgumentType]
    assert written["version"] == 1
    assert parse(written) == condition


def test_leaves_are_found_at_any_depth() -> None:
    tree = {"is": "all", "of": [{"is": "none", "of": [{"is": "everyone"}]}, {"is": "suppressed"}]}
    assert [leaf.kind for leaf in leaves(parse(tree))] == ["everyone", "suppressed"]


@pytest.mark.parametrize(
    ("data", "code", "params"),
    [
        ({"is": "zodiac"}, "condition_unknown", {"kind": "zodiac", "at": ""}),
        (
            {"is": "all", "of": [{"is": "everyone"}, {"is": "zodiac"}]},
            "condition_unknown",
            {"kind": "zodiac", "at": "all.of.1"},
        ),
        ({"version": 2, "is": "everyone"}, "condition_version_unknown", {"version": 2}),
        ({}, "condition_unknown", {"kind": "", "at": ""}),
    ],
)
def test_what_is_not_known_is_named(data: object, code: str, params: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refused:
        parse(data)
    assert (refused.value.code, refused.value.params) == (code, params)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"is": "everyone", "colour": "red"},
        {"is": "stage", "stages": []},
        {"is": "stage", "stages": ["king"]},
        {"is": "followed"},
        {"is": "followed", "within_days": 0},
        {"is": "purchase_count"},
        {"is": "bought"},
        {"is": "bought", "from_date": "21 Nov"},
        {"is": "bought", "from_date": 1700000000},
        {"is": "bought", "from_date": "0001-01-01"},
        {"is": "last_purchase", "within_days": "3"},
        {"is": "last_purchase", "within_days": True},
        {"is": "tag", "names": ["a\u0000"]},
        {"is": "friends", "ids": [0]},
        {"is": "rfm"},
        {"is": "rfm", "recency": {"at_least": 6}},
        {"is": "decile", "deciles": [0]},
        {"is": "random", "percent": 0, "salt": "a"},
        {"is": "field_number", "name": "a", "at_least": float("nan")},
        {"is": "tag", "names": [""]},
        {"is": "all"},
    ],
)
def test_what_says_nothing_is_refused(data: object) -> None:
    with pytest.raises(Invalid, match="condition_invalid"):
        parse(data)


def test_a_tree_has_an_end() -> None:
    tree: dict[str, object] = {"is": "everyone"}
    for _ in range(11):
        tree = {"is": "all", "of": [tree]}
    with pytest.raises(Invalid, match="condition_too_deep"):
        parse(tree)
