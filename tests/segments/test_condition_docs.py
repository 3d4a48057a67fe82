"""docs/segments.md lists every kind of condition, with an example that can be read."""

import json
import re
from pathlib import Path

from segments import condition_leaves as leaf
from segments.conditions import AnyOf, parse, walk

ROWS = re.compile(r"^\| `(\w+)` \| .+ \| `(\{.+\})` \|$", re.MULTILINE)
TEXT = Path(__file__).parents[2].joinpath("docs", "segments.md").read_text(encoding="utf-8")


def test_every_kind_is_listed_once_with_its_example() -> None:
    rows = ROWS.findall(TEXT)
    kinds = [kind.model_fields["kind"].default for kind in leaf.LEAVES] + ["all", "any", "none", "segment"]
    assert sorted(kind for kind, _ in rows) == sorted(kinds)
    for kind, example in rows:
        assert json.loads(example)["is"] == kind
        assert parse(json.loads(example)).kind == kind


def test_the_first_example_can_be_read() -> None:
    first = re.search(r"```json\n(.+?)```", TEXT, re.DOTALL)
    assert first is not None
    assert len(list(walk(AnyOf(of=[parse(json.loads(first[1]))])))) == 6
