"""What an operator types, and the template it becomes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.console import inserts
from scheduler.messages import check, render

NAMED = st.sampled_from([insert.name(language) for insert in inserts.INSERTS for language in ("ja", "en")])
FACTS = {
    "name": "佐藤",
    "name_sama": "佐藤様",
    "shop_name": "茶屋",
    "referral_code": "R1",
    "last_product": {"name": "煎茶"},
    "language": "ja",
}


def test_a_token_becomes_the_fact_it_names() -> None:
    said = render(inserts.content("{お名前}、{お店の名前}です", ""), "ja", FACTS)
    assert said == [{"type": "text", "text": "佐藤様、茶屋です"}]


@pytest.mark.parametrize(
    "text",
    ["{{ name }}", "{% for x in y %}", "{# a #}", "{", "100%}", "{{お名前}}", "{知らない}", "}{お名前"],
)
def test_braces_of_ones_own_are_said_as_they_are(text: str) -> None:
    content = inserts.content(f"「{text}", "")
    assert check(content) == []
    expected = f"「{text}".replace("{お名前}", "佐藤様")
    assert render(content, "ja", FACTS)[0]["text"] == expected


@given(
    st.lists(
        st.one_of(st.text(alphabet="あ{}%# a\n'", max_size=6), NAMED.map("{{{}}}".format)), max_size=8
    ).map("".join)
)
def test_no_text_ever_becomes_a_broken_template_and_editing_gives_it_back(text: str) -> None:
    source = inserts.to_source(text, "ja")
    assert check({"ja": [{"type": "text", "text": source or "-"}]}) == []
    again = inserts.to_text(source, "ja")
    assert inserts.to_source(again, "ja") == source
