"""Content written as text is the same as content rendered and encoded, whatever stands in it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import messages
from scheduler.message_text import MessageWriter
from scheduler.message_tree import MessageTemplate
from scheduler.templating import RenderError

WORDS = st.sampled_from(["こんにちは", "{{ name }}様", "\"'\\\n\u2028", "{{ name | upper }}{{ n }}", "😀"])
LEAF = WORDS | st.integers() | st.booleans() | st.none()


def _choice(holds: str, then: dict[str, Any]) -> dict[str, Any]:
    return {"$if": holds, "$then": then}


def _each(text: str) -> dict[str, Any]:
    return {"$for": "one in many", "$each": {"t": text}}


SMALL = st.dictionaries(st.sampled_from(["a", "b"]), WORDS, min_size=1)
CHOICE: st.SearchStrategy[Any] = st.builds(_choice, st.sampled_from(["n", "n > 3"]), SMALL)
EACH: st.SearchStrategy[Any] = st.builds(_each, WORDS | st.just("{{ one }}"))


def _maps(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists: st.SearchStrategy[Any] = st.lists(inner | CHOICE | EACH, max_size=4)
    maps: st.SearchStrategy[Any] = st.dictionaries(
        st.sampled_from(["p", "q", "r", "text2"]), inner | CHOICE, max_size=4
    )
    return lists | maps


INNER = LEAF | _maps(LEAF) | _maps(LEAF | _maps(LEAF))
TREES = st.lists(st.dictionaries(st.sampled_from(["x", "y"]), INNER), max_size=3)


@given(TREES, st.text(max_size=8), st.integers(0, 6), st.lists(st.text(max_size=3), max_size=3))
def test_writing_equals_rendering_and_encoding(tree: list[Any], name: str, n: int, many: list[str]) -> None:
    content, facts = {"ja": tree}, {"name": name, "n": n, "many": many}
    try:
        rendered: Any = MessageTemplate(content).render("ja", facts)
    except RenderError as error:
        rendered = error.reason
    try:
        written: Any = json.loads(MessageWriter(content).write("ja", facts))
    except RenderError as error:
        written = error.reason
    assert written == rendered


@pytest.mark.parametrize("content", [{"ja": [{"type": "text", "text": "{{ nobody }}"}]}])
def test_a_fact_that_is_missing_concerns_that_friend(content: dict[str, Any]) -> None:
    with pytest.raises(messages.MissingFact):
        messages.writer_of(content).write("ja", {})
