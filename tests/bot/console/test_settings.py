"""The shop's settings in the console."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from bot.models import AuditEntry, Role
from scheduler import quota
from segments import shop
from segments.shop import Shop
from segments.shop_values import FreeItem, Words
from tests.bot.browsing import Forms, Visitor
from tests.fakes.clock import A_SATURDAY

PAGE = "/console/settings/"
TYPED: dict[str, Any] = {
    "name": "みどり茶舗",
    "basic_id": "＠midori",
    "language": "en",
    "closed_weekdays": ["6", "2"],
    "closed_dates": "2026年12月31日\r\n2026/1/2、令和9年1月1日",
    "opening_hours_ja": "10時から\r\n19時",
    "opening_hours_en": "10–19",
    "how_to_buy_ja": "お電話で",
    "how_to_buy_en": "",
    "free_title_ja": "淹れ方ガイド",
    "free_title_en": "A guide",
    "free_text_ja": "三つのコツ",
    "free_text_en": "",
    "free_url": "https://example.com/guide.pdf?a=1",
    "timezone": "Asia/Tokyo",
    "plan": "standard",
}


def stored(visitor: Visitor) -> Shop:
    with visitor.services.database.reading() as session:
        return shop.load(session)


def test_everything_typed_is_stored_and_comes_back(visitor: Visitor) -> None:
    visitor.log_in(Role.OPERATOR)
    answer = visitor.submit(PAGE, TYPED)
    assert answer.status_code == 302, answer.text
    assert stored(visitor) == Shop(
        name="みどり茶舗",
        basic_id="@midori",
        language="en",
        closed_weekdays=(2, 6),
        closed_dates=(date(2026, 1, 2), date(2026, 12, 31), date(2027, 1, 1)),
        opening_hours=Words("10時から\n19時", "10–19"),
        how_to_buy=Words("お電話で", ""),
        free_item=FreeItem(
            Words("淹れ方ガイド", "A guide"), Words("三つのコツ", ""), "https://example.com/guide.pdf?a=1"
        ),
    )
    page = visitor.get(PAGE).text
    assert "お店の設定を保存しました。" in page
    assert "コミュニケーションプラン: 月額0円（税別）、200通まで無料。追加の送信はできません" in page
    assert "スタンダードプラン: 月額15,000円（税別）、30,000通まで無料、追加は1通2.8〜3円" in page
    assert "https://example.com/guide.pdf?a=1" in page
    again = next(form for form in visitor.forms(PAGE) if "free_url" in form.fields)
    assert again.fields["closed_weekdays"] == ["2", "6"]
    assert again.fields["plan"] == ["standard"]


def test_what_is_saved_is_written_down_with_who_did_it(visitor: Visitor) -> None:
    visitor.log_in()
    visitor.submit(PAGE, TYPED)
    visitor.submit(PAGE, TYPED | {"name": "みどり"})
    with visitor.services.database.reading() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.actor == "operator:1")).all()
        kept = [(each.action, each.subject, each.details) for each in noted]
        assert quota.plan_of(session).key == "standard"
    assert [action for action, _subject, _details in kept] == ["shop_changed", "plan_chosen", "shop_changed"]
    assert kept[1][1] == "standard"
    assert kept[2][2] == {"fields": ["name"]}


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", " ", "お店の名前を入力してください。"),
        ("basic_id", "みどり", "「@」で始まる半角の英数字で入力してください"),
        ("closed_dates", "2026-12-31\nいつか", "日付として読めません: 「いつか」"),
        ("free_url", "javascript:alert(1)", "https:// で始まるリンクを入力してください。"),
        ("free_url", "https://exa mple.com", "https:// で始まるリンクを入力してください。"),
        ("free_url", "https://", "https:// で始まるリンクを入力してください。"),
        ("free_title_ja", "", "無料プレゼントの名前を入力してください。"),
        ("free_url|free_text_ja", "", "説明かリンクのどちらかを入力してください。"),
        ("how_to_buy_ja", "あ" * 1001, "1000文字以内で入力してください。"),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_nothing_typed_is_lost(
    visitor: Visitor, field: str, value: str, words: str
) -> None:
    visitor.log_in()
    answer = visitor.submit(PAGE, TYPED | dict.fromkeys(field.split("|"), value))
    assert answer.status_code == 422
    field = field.split("|")[-1]
    place = answer.text.index(f'id="{field}-error"')
    assert words in answer.text[place : place + 300]
    assert value.strip() in answer.text
    if field != "free_title_ja":
        assert "淹れ方ガイド" in answer.text
    assert stored(visitor) == Shop()


def test_a_zone_that_is_none_is_refused(visitor: Visitor) -> None:
    visitor.log_in()
    assert visitor.submit(PAGE, TYPED | {"timezone": "Asia/Edo"}).status_code == 422
    assert visitor.submit(PAGE, TYPED | {"timezone": "Asia/Seoul"}).status_code == 302
    assert stored(visitor).timezone == "Asia/Seoul"


def test_who_saves_after_somebody_else_is_told_and_may_overwrite(visitor: Visitor) -> None:
    visitor.log_in()
    opened = next(form for form in visitor.forms(PAGE) if "seen" in form.fields).fields["seen"][0]
    visitor.submit(PAGE, TYPED | {"name": "先に保存した人"})
    late = visitor.submit(PAGE, TYPED | {"name": "後の人", "seen": opened})
    assert late.status_code == 422
    assert "ほかの人がこの設定を変えました" in late.text
    assert 'value="後の人"' in late.text
    assert stored(visitor).name == "先に保存した人"
    again = next(form for form in Forms(late.text).found if "seen" in form.fields).fields["seen"][0]
    assert visitor.submit(PAGE, TYPED | {"name": "後の人", "seen": again}).status_code == 302
    assert stored(visitor).name == "後の人"


def test_a_plan_that_line_does_not_have_is_refused(visitor: Visitor) -> None:
    visitor.log_in()
    assert visitor.submit(PAGE, TYPED | {"plan": "gold"}).status_code == 422


def test_a_price_agreed_otherwise_with_line_stays_when_other_things_are_saved(visitor: Visitor) -> None:
    visitor.log_in()
    own = quota.Plan("standard", "特別プラン", "Special plan", 9_000, 50_000, (quota.Tier(None, 1.5),))
    with visitor.services.database.begin() as session:
        quota.choose_plan(session, "standard", A_SATURDAY)
        session.get_one(shop.Setting, quota.PLAN).value = {
            "key": own.key,
            "name": own.name,
            "name_en": own.name_en,
            "monthly_yen": own.monthly_yen,
            "included": own.included,
            "extra": [{"up_to": None, "yen": 1.5}],
        }
    assert "特別プラン: 月額9,000円（税別）、50,000通まで無料、追加は1通1.5円" in visitor.get(PAGE).text
    visitor.submit(PAGE, TYPED)
    with visitor.services.database.reading() as session:
        assert quota.plan_of(session) == own


def test_a_viewer_sees_the_settings_and_has_nothing_to_press(visitor: Visitor) -> None:
    visitor.log_in(Role.VIEWER)
    page = visitor.get(PAGE).text
    assert "変更できるのは、オーナーと運用担当者です。" in page
    assert "<fieldset disabled>" in page
    assert "保存する" not in page
