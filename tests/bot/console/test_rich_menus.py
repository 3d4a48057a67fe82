"""Rich menus on their pages: made from a template, mended, looked at, published, copied, taken back."""

import io
from dataclasses import replace

import pytest
from flask import Flask
from PIL import Image

from bot.console import rich_menu_form
from bot.models import AuditEntry, MenuDesign, Role
from scheduler.gateway import RefusedByLine
from segments.models import Tag
from tests.bot.browsing import Visitor
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY
from tests.fakes.gateway import FakeGateway

MENUS = "/console/rich-menus/"


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    return visitor.log_in(Role.OWNER)


@pytest.fixture
def fields(app: Flask) -> dict[str, str]:
    """Return the form of a new menu as it stands on the page."""
    with app.test_request_context():
        draft = replace(rich_menu_form.new_draft(), name="常連さま")
        return {name: value for name, value in rich_menu_form.values(draft).items() if value}


def test_a_menu_is_made_published_to_a_rung_and_taken_back(owner: Visitor, fields: dict[str, str]) -> None:
    with owner.services.database.begin() as session:
        a_friend(session, facts={"stage": "regular"})
    made = owner.submit(f"{MENUS}new", fields)
    assert made.location == f"{MENUS}1"
    asked = owner.get(f"{MENUS}1/publish?key=stage:regular").text
    assert "ステージが「常連」の友だち: いま1人" in asked
    owner.submit(f"{MENUS}1/publish", {"key": "stage:regular"})
    shown = owner.get(MENUS).text
    assert "対象1人のうち0人に表示済み" in shown
    assert "切り替え中" in shown
    owner.post(f"{MENUS}1/remove")
    assert "公開中です。公開をやめてから削除してください。" in owner.get(MENUS).text
    assert "1人への公開をやめる" in owner.get(f"{MENUS}take-back?key=stage:regular").text
    assert owner.post(f"{MENUS}take-back", {"key": "stage:regular"}).location == MENUS
    owner.post(f"{MENUS}1/remove")
    with owner.services.database.reading() as session:
        assert session.query(MenuDesign).count() == 0
        noted = {entry.action for entry in session.query(AuditEntry)}
    assert {"rich_menu_saved", "rich_menu_published", "rich_menu_taken_back", "rich_menu_removed"} <= noted


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("areas-1-label", "", "ラベルを入力してください。"),
        ("areas-1-label", "あ" * 21, "ラベルは20文字以内で入力してください。"),
        ("chat_bar_text", "あ" * 15, "メニューバーの文字を14文字以内で入力してください。"),
        ("name", "", "名前を入力してください。"),
        ("layout", "huge", "一覧から選んでください。"),
        ("areas-0-function", "nonsense", "タップしたときの動きを選んでください。"),
    ],
)
def test_what_is_wrong_is_told_beside_the_field_and_nothing_is_lost(
    owner: Visitor, fields: dict[str, str], field: str, value: str, words: str
) -> None:
    answer = owner.submit(f"{MENUS}new", fields | {field: value, "areas-2-label": "残る言葉"})
    assert answer.status_code == 422
    assert words in answer.text
    assert "残る言葉" in answer.text


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "https://", "tel:abc", "https://a b"]
)
def test_only_pages_and_phone_numbers_are_opened(owner: Visitor, fields: dict[str, str], url: str) -> None:
    answer = owner.submit(f"{MENUS}new", fields | {"areas-0-does": "url", "areas-0-url": url})
    assert answer.status_code == 422
    assert "https:// で始まるページ" in answer.text


def test_a_picture_of_the_shops_own_is_taken_when_it_fits(owner: Visitor, fields: dict[str, str]) -> None:
    owner.submit(f"{MENUS}new", fields)
    for size, status in (((100, 100), 422), ((2500, 1686), 302)):
        out = io.BytesIO()
        Image.new("RGB", size, "#336699").save(out, "PNG")
        picture = (io.BytesIO(out.getvalue()), "menu.png")
        answer = owner.submit(f"{MENUS}1", {"picture": picture}, to=f"{MENUS}1/own-picture")
        assert answer.status_code == status
    assert owner.get(f"{MENUS}1/picture").data == out.getvalue()
    assert owner.submit(f"{MENUS}1", {}, to=f"{MENUS}1/own-picture").status_code == 422
    owner.submit(f"{MENUS}1", {"ours": "1"}, to=f"{MENUS}1/own-picture")
    assert owner.get(f"{MENUS}1/picture").data != out.getvalue()


def test_what_line_refuses_is_told_in_words_and_the_old_menu_stays(
    owner: Visitor, fields: dict[str, str]
) -> None:
    owner.submit(f"{MENUS}new", fields)
    gateway = owner.services.gateway
    assert isinstance(gateway, FakeGateway)
    gateway.fail(
        "richmenu_create", RefusedByLine("bad", details=[("areas[0].action.uri", "invalid")], status=400)
    )
    answer = owner.submit(f"{MENUS}1/publish", {"key": "default"})
    assert answer.status_code == 422
    assert "LINEがこのメニューを受け付けませんでした（areas[0].action.uri: invalid）" in answer.text
    assert gateway.menus == {}
    assert owner.submit(f"{MENUS}1/publish", {"key": "stage:king"}).status_code == 404


def test_the_preview_draws_what_is_typed(owner: Visitor, fields: dict[str, str]) -> None:
    drawn = owner.submit(f"{MENUS}new", fields | {"areas-0-label": ""}, to=f"{MENUS}preview")
    with Image.open(io.BytesIO(drawn.data)) as picture:
        assert picture.size == (750, 506)
    assert owner.submit(f"{MENUS}new", fields | {"layout": "x"}, to=f"{MENUS}preview").status_code == 422


def test_a_copy_is_a_menu_of_its_own_and_tags_can_be_chosen(owner: Visitor, fields: dict[str, str]) -> None:
    with owner.services.database.begin() as session:
        session.add(Tag(name="VIP", created_at=A_SATURDAY))
    owner.submit(f"{MENUS}new", fields)
    owner.post(f"{MENUS}1/copy")
    assert "常連さま のコピー" in owner.get(f"{MENUS}2").text
    assert "タグ「VIP」の友だち（ステージより優先）" in owner.get(f"{MENUS}2/publish").text
    assert owner.get(f"{MENUS}template/compact2.svg").text.count("<text") == 2
