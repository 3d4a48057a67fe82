"""The drawing of LINE's messages: classes for every colour and size, and nothing but those in the style sheet."""

import pytest

from bot.console import look_css
from bot.console.line_look import Look
from bot.console.preview_addresses import picture, safe_link
from tests.bot.browsing import Visitor


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("c_1a7f4b", ".lp .c_1a7f4b { color: #1a7f4b }"),
        ("bg_11223344", ".lp .bg_11223344 { background-color: #11223344 }"),
        ("w_50p", ".lp .w_50p { width: 50%; flex-basis: 50% }"),
        ("mt_n4d5", ".lp .mt_n4d5 { margin-top: -4.5px }"),
        ("ar_20x13", ".lp .ar_20x13 { aspect-ratio: 20 / 13 }"),
        ("fg_3", ".lp .fg_3 { flex: 3 1 0 }"),
        (
            "gr_90zff0000z00ff00",
            ".lp .gr_90zff0000z00ff00 { background-image: linear-gradient(90deg, #ff0000, #00ff00) }",
        ),
        ("c_red", ""),
        ("c_1a7f4b}body{display:none", ""),
        ("url_1", ""),
        ("w_1;x", ""),
        ("", ""),
    ],
)
def test_a_class_name_becomes_one_rule_or_none(name: str, rule: str) -> None:
    assert look_css.sheet([name]) == rule


@pytest.mark.parametrize(
    ("node", "parent", "classes"),
    [
        ({"type": "text", "wrap": True, "weight": "bold", "size": "xl", "color": "#FF0000"}, None, {"fx-wrap", "fx-bold", "fs_22", "c_ff0000"}),
        ({"type": "text", "size": "20px", "align": "end"}, None, {"fx-nowrap", "fs_20", "fx-ta-end"}),
        ({"type": "text", "wrap": True, "maxLines": 2}, None, {"fx-clamped", "lc_2"}),
        ({"type": "text", "flex": 3}, {"layout": "horizontal"}, {"fg_3"}),
        ({"type": "text"}, {"layout": "horizontal"}, {"fx-shared"}),
        ({"type": "text"}, {"layout": "vertical"}, {"fx-own"}),
        ({"type": "text"}, {"layout": "vertical", "spacing": "md"}, {"mt_8"}),
        ({"type": "text", "margin": "none"}, {"layout": "vertical", "spacing": "md"}, {"mt_0"}),
        ({"type": "text"}, {"layout": "horizontal", "spacing": "5px"}, {"ml_5"}),
        ({"type": "text", "color": "javascript:", "align": "\"><script>"}, None, {"fx-text"}),
    ],
)  # fmt: skip
def test_a_text_is_drawn_by_its_place_and_its_letters(
    node: dict[str, object], parent: dict[str, object] | None, classes: set[str]
) -> None:
    look = Look()
    found = look.text(node, parent, first=False).split()
    assert classes <= set(found)
    assert {name for name in found if "_" in name} == look.names
    assert not any(letter in " ".join(found) for letter in '"<>;:')


def test_boxes_images_and_buttons_have_their_measures() -> None:
    look = Look()
    box = {
        "layout": "baseline",
        "paddingAll": "lg",
        "cornerRadius": "md",
        "borderWidth": "normal",
        "width": "80px",
    }
    assert {"fx-baseline", "pa_12", "br_8", "bw_1", "w_80"} <= set(look.box(box, None, first=True).split())
    assert {"mw_100p"} <= set(look.image({"size": "full"}, None, first=True).split())
    assert {"ar_20x13", "fx-cover"} <= set(
        look.frame({"aspectRatio": "20:13", "aspectMode": "cover"}).split()
    )
    assert {"fx-primary", "bg_112233"} <= set(
        look.button({"style": "primary", "color": "#112233"}, None, first=True).split()
    )
    assert {"fx-link", "c_112233"} <= set(look.button({"color": "#112233"}, None, first=True).split())
    assert look.bubble({"size": "giga"}) == "fx-bubble fx-giga"


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://shop.example/", True),
        ("tel:0312345678", True),
        ("mailto:a@b.example", True),
        ("line://nv/profile", True),
        ("javascript:alert(1)", False),
        ("JAVASCRIPT:alert(1)", False),
        ("data:text/html,x", False),
        ("//shop.example", False),
        ("https://[", False),
        (None, False),
    ],
)
def test_a_preview_leads_only_where_it_is_safe(url: str | None, is_safe: bool) -> None:
    assert bool(safe_link(url)) is is_safe


def test_a_picture_is_loaded_over_https_alone() -> None:
    assert picture("https://shop.example/a.jpg") == "https://shop.example/a.jpg"
    assert picture("http://shop.example/a.jpg") == ""
    assert picture("data:image/png;base64,AAAA") == ""
    assert picture("https://example.com/sample.jpg") == "placeholder"


def test_the_style_sheet_is_served_to_who_may_read(visitor: Visitor) -> None:
    address = "/console/previews/look.css?names=c_ff0000.w_10.strange"
    assert visitor.get(address).status_code == 302
    answer = visitor.log_in().get(address)
    assert answer.mimetype == "text/css"
    assert answer.text == ".lp .c_ff0000 { color: #ff0000 }\n.lp .w_10 { width: 10px; flex-basis: 10px }"
