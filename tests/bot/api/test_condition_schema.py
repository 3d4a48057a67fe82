"""The description of conditions says what the reader of conditions takes."""

from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema_rs import Draft202012Validator, ValidationError

from bot.api.condition_schema import PART, WHOLE
from bot.api.openapi import description
from segments import conditions
from segments.condition_leaves import LEAVES
from segments.errors import Invalid
from tests.segments.condition_trees import trees


def validator(name: str) -> Any:
    """Return what judges data by one schema of the description."""
    return Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": description()["components"]}
    )


@settings(deadline=None, max_examples=60)
@given(trees((1, 2), 1))
def test_what_is_read_and_written_is_as_described(tree: Any) -> None:
    written = conditions.dump(tree)
    validator(WHOLE).validate(written)
    del written["version"]
    validator(WHOLE).validate(written)
    validator(PART).validate(written)


WRONG: list[Any] = [
    {},
    {"version": 1},
    {"is": "nobody"},
    {"is": "everyone", "more": 1},
    {"is": "all"},
    {"is": "all", "of": [{"version": 1, "is": "everyone"}]},
    {"is": "any", "of": [{"is": "tag", "names": []}]},
    {"is": "last_purchase", "within_days": 0},
    {"is": "stage", "stages": ["king"]},
    {"version": 2, "is": "everyone"},
    "everyone",
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_not_as_described_is_not_read(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        validator(WHOLE).validate(wrong)
    with pytest.raises(Invalid):
        conditions.parse(wrong)


def test_every_kind_is_described_and_the_bodies_refer_to_it() -> None:
    schemas = description()["components"]["schemas"]
    kinds = {each["properties"]["is"]["const"] for each in schemas[WHOLE]["oneOf"]}
    assert kinds == {"all", "any", "none", "segment", *(leaf.model_fields["kind"].default for leaf in LEAVES)}
    assert schemas["SegmentIn"]["properties"]["condition"]["$ref"] == f"#/components/schemas/{WHOLE}"
    assert len(schemas[f"{PART}All"]["properties"]["of"]["items"]) == 1
