"""Messages in the console: written, previewed, saved in versions, compared, copied, put away."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.models import FormDraft, Operator
from scheduler.gateway import RefusedByLine
from scheduler.models import (
    Broadcast,
    Delivery,
    DeliveryKind,
    Message,
    MessageVersion,
    Purpose,
    Scenario,
    Step,
)
from segments import links
from tests.bot.browsing import Visitor
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY
from tests.fakes.gateway import FakeGateway

NEW = "/console/messages/new"
TEXT: dict[str, Any] = {
    "name": "新茶のお知らせ",
    "purpose": "sales",
    "n": "1",
    "quick": "0",
    "b0.kind": "text",
    "b0.text.ja": "{お名前}、新茶です。",
}


@pytest.fixture
def writer(visitor: Visitor) -> Visitor:
    """An owner and a friend called 佐藤."""
    with visitor.services.database.begin() as session:
        a_friend(session, display_name="佐藤 一郎", member_number="M7")
    return visitor.log_in()


def saved(writer: Visitor, **fields: Any) -> MessageVersion:
    answer = writer.submit(NEW, TEXT | {"save": "1"} | fields)
    assert answer.status_code == 302, answer.text
    return newest(writer)


def newest(writer: Visitor) -> MessageVersion:
    with writer.services.database.reading() as session:
        found = session.scalars(select(MessageVersion).order_by(MessageVersion.id.desc())).first()
    return found or pytest.fail("no version")


def test_a_message_is_written_saved_and_listed(writer: Visitor) -> None:
    version = saved(writer)
    assert version.content == {"ja": [{"type": "text", "text": "{{ name_sama }}、新茶です。"}]}
    page = writer.get(f"/console/messages/{version.message_id}").text
    assert "山田 花子様、新茶です。" in page
    assert "新茶のお知らせ" in writer.get("/console/messages/").text


def test_both_languages_are_saved_and_shown(writer: Visitor) -> None:
    version = saved(writer, with_en="1", **{"b0.text.en": "New tea, {name}"})
    assert version.content["en"] == [{"type": "text", "text": "New tea, {{ name }}"}]
    page = writer.get(f"/console/messages/{version.message_id}").text
    assert 'lang="en"><div class="lp-line"><div class="lp-text">New tea, Hanako' in re.sub(r"\n\s*", "", page)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"name": " "}, "name", "名前を入力してください。"),
        ({"b0.text.ja": ""}, "b0.text.ja", "空欄にはできません。"),
        ({"b0.text.ja": "あ" * 5001}, "b0.text.ja", "5000文字以内で入力してください（現在5001文字）。"),
        ({"b0.text.ja": "😀" * 2501}, "b0.text.ja", "現在5002文字"),
        ({"b0.text.ja": "{なまえ}へ"}, "b0.text.ja", "{なまえ}は差し込みの名前ではありません。"),
        ({"b0.text.ja": "一行目\n{{ name"}, "b0.text.ja", "2行目: 波かっこ"),
        ({"b0.text.ja": "{{ nobody }}"}, "b0.text.ja", "「nobody」という差し込みはありません。"),
        ({"with_en": "1"}, "b0.text.en", "空欄にはできません。"),
        ({"b0.kind": "image", "b0.image": "http://a"}, "b0.image", "https:// で始まる"),
        ({"b0.kind": "json", "b0.json.ja": '{"a":\n}'}, "b0.json.ja", "2行目: JSONとして読めません"),
        ({"b0.kind": "json", "b0.json.ja": '{"type": "text"}'}, "b0.json.ja", "text: 空欄にはできません"),
        ({"b0.kind": "location", "b0.latitude": "91"}, "b0.latitude", "-90から90までの数字"),
        ({"b0.kind": "confirm", "b0.text.ja": "?"}, "b0.a0.do", "ボタンが2個必要です。"),
        ({"b0.kind": "buttons", "b0.text.ja": "?", "b0.a0.do": "link"}, "b0.a0.link", "リンクの名前を選んで"),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_nothing_typed_is_lost(
    writer: Visitor, fields: dict[str, Any], field: str, words: str
) -> None:
    answer = writer.submit(NEW, TEXT | {"save": "1"} | fields)
    assert answer.status_code == 422
    beside = re.search(rf'data-errors="{re.escape(field)}">(.*?)</div></div>', answer.text, re.DOTALL)
    assert beside, answer.text
    assert words in beside[1]
    if "name" not in fields:
        assert 'value="新茶のお知らせ"' in answer.text
    with writer.services.database.reading() as session:
        assert session.scalars(select(Message)).first() is None


CARDS: dict[str, dict[str, Any]] = {
    "product": {"b0.title.ja": "新茶", "b0.price.ja": "980円", "b0.image": "https://shop.example/a.jpg"},
    "coupon": {"b0.title.ja": "秋", "b0.offer.ja": "500円引き", "b0.until.ja": "{クーポンの期限|月末}"},
    "notice": {"b0.title.ja": "休業", "b0.text.ja": "お休みします"},
    "receipt": {
        "b0.title.ja": "明細",
        "b0.lines": "2",
        "b0.lines0.item.ja": "茶",
        "b0.lines0.amount.ja": "1円",
        "b0.lines1.item.ja": "菓子",
        "b0.lines1.amount.ja": "2円",
    },
    "image": {"b0.image": "https://shop.example/a.jpg"},
    "video": {"b0.video": "https://shop.example/a.mp4", "b0.image": "https://shop.example/a.jpg"},
    "sticker": {"b0.package": "446", "b0.sticker": "1988"},
    "location": {
        "b0.title.ja": "本店",
        "b0.address.ja": "東京",
        "b0.latitude": "35.6",
        "b0.longitude": "139",
    },
    "buttons": {"b0.text.ja": "選ぶ", "b0.a0.do": "message", "b0.a0.label.ja": "はい"},
    "confirm": {
        "b0.text.ja": "?",
        "b0.a0.do": "message",
        "b0.a0.label.ja": "はい",
        "b0.a1.do": "uri",
        "b0.a1.label.ja": "いいえ",
        "b0.a1.to": "tel:0312345678",
    },
    "carousel": {
        "b0.cards": "2",
        "b0.cards0.text.ja": "煎茶",
        "b0.cards0.a0.do": "message",
        "b0.cards0.a0.label.ja": "見る",
        "b0.cards1.text.ja": "玉露",
        "b0.cards1.a0.do": "message",
        "b0.cards1.a0.label.ja": "見る",
    },
    "json": {"b0.json.ja": json.dumps({"type": "text", "text": "そのまま"})},
}


@pytest.mark.parametrize("kind", CARDS)
def test_each_kind_of_bubble_is_saved_shown_and_edited_again_as_it_was_typed(
    writer: Visitor, kind: str
) -> None:
    version = saved(writer, **({"b0.kind": kind} | CARDS[kind]))
    again = writer.get(f"/console/messages/{version.message_id}/edit")
    assert again.status_code == 200
    form = next(
        each for each in writer.forms(f"/console/messages/{version.message_id}/edit") if "n" in each.fields
    )
    typed = {name: value for name, value in CARDS[kind].items() if not name.endswith(".do")}
    assert {name: form.fields[name][0].strip() for name in typed} == typed
    assert writer.get(f"/console/messages/{version.message_id}").status_code == 200


def test_a_button_may_lead_to_a_link_whose_taps_are_counted(writer: Visitor) -> None:
    added = writer.submit("/console/messages/links", {"name": "春", "url": "https://shop.example/"})
    assert added.status_code == 302
    button = {"b0.a0.do": "link", "b0.a0.link": "春", "b0.a0.label.ja": "見る"}
    version = saved(writer, **({"b0.kind": "buttons", "b0.text.ja": "春です"} | button))
    assert version.content["ja"][0]["template"]["actions"][0]["uri"] == '{{ link("春") }}'
    refused = writer.submit("/console/messages/links", {"name": "春", "url": "https://other.example/"})
    assert refused.status_code == 422
    assert 'value="https://other.example/"' in refused.text


def test_bubbles_are_added_moved_and_removed_without_losing_what_was_typed(writer: Visitor) -> None:
    first = writer.submit(NEW, TEXT | {"do": "add:notice"})
    assert "2. お知らせカード" in first.text
    two = TEXT | {"n": "2", "b1.kind": "notice", "b1.title.ja": "休業"}
    moved = writer.submit(NEW, two | {"do": "up:1"})
    assert moved.text.index("1. お知らせカード") < moved.text.index("2. 文章")
    assert "{お名前}、新茶です。" in moved.text
    left = writer.submit(NEW, two | {"do": "remove:0"})
    assert "1. お知らせカード" in left.text
    assert "2. " not in left.text
    assert 'value="休業"' in left.text


def test_quick_replies_hang_on_the_last_bubble(writer: Visitor) -> None:
    version = saved(
        writer, quick="2", **{"q0.label.ja": "はい", "q1.label.ja": "いいえ", "q1.text.ja": "結構です"}
    )
    items = version.content["ja"][-1]["quickReply"]["items"]
    assert [each["action"]["text"] for each in items] == ["はい", "結構です"]


def test_what_is_typed_is_kept_by_itself_and_there_again(writer: Visitor) -> None:
    sent = TEXT | {"place": "message:new", "b0.text.ja": "途中まで"}
    answer = writer.submit(NEW, sent, to="/console/messages/preview").get_json()
    assert "途中まで" in answer["html"]
    assert "2026年11月21日（土） 14:30に自動保存しました" in answer["kept"]
    page = writer.get(NEW).text
    assert "途中まで" in page
    assert "自動保存した、まだ保存していない内容です。" in page
    writer.post("/console/messages/discard", {"place": "message:new"})
    assert "途中まで" not in writer.get(NEW).text
    writer.submit(NEW, sent, to="/console/messages/preview")
    saved(writer)
    with writer.services.database.reading() as session:
        assert session.scalars(select(FormDraft)).first() is None


def test_the_preview_is_seen_with_a_friends_eyes_and_says_why_one_would_not_get_it(writer: Visitor) -> None:
    sent = TEXT | {"as": "1", "as_q": "佐藤"}
    seen = writer.submit(NEW, sent, to="/console/messages/preview").get_json()["html"]
    assert "佐藤 一郎様、新茶です。" in seen
    sent["b0.text.ja"] = "{最後に買った商品の価格}"
    refused = writer.submit(NEW, sent, to="/console/messages/preview").get_json()["html"]
    assert "この友だちには送られません。差し込む情報がありません（最後に買った商品の価格）" in refused
    sent["b0.text.ja"] = "{最後に買った商品の価格|お手頃}"
    assert "お手頃" in writer.submit(NEW, sent, to="/console/messages/preview").get_json()["html"]


def test_what_is_said_can_never_become_markup_of_the_preview(writer: Visitor) -> None:
    version = saved(writer, **{"b0.text.ja": "<script>alert(1)</script>"})
    page = writer.get(f"/console/messages/{version.message_id}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_versions_are_compared_and_restored_and_never_change(writer: Visitor) -> None:
    first = saved(writer)
    page = f"/console/messages/{first.message_id}"
    changed = TEXT | {"base": "1", "b0.text.ja": "秋の新茶です。", "save": "1"}
    assert writer.submit(f"{page}/edit", changed).status_code == 302
    compared = writer.get(f"{page}/compare?left=1&right=2").text
    assert "{お名前}、新茶です。" in compared
    assert "秋の新茶です。" in compared
    writer.post(f"{page}/restore", {"version": "1"})
    with writer.services.database.reading() as session:
        versions = session.scalars(select(MessageVersion).order_by(MessageVersion.version)).all()
    assert [each.version for each in versions] == [1, 2, 3]
    assert versions[0].content == versions[2].content == first.content


def test_who_saves_over_a_newer_version_is_told_and_loses_nothing(writer: Visitor) -> None:
    page = f"/console/messages/{saved(writer).message_id}/edit"
    writer.submit(page, TEXT | {"base": "1", "b0.text.ja": "早い人", "save": "1"})
    late = writer.submit(page, TEXT | {"base": "1", "b0.text.ja": "遅い人", "save": "1"})
    assert late.status_code == 422
    assert "遅い人" in late.text
    assert newest(writer).content["ja"][0]["text"] == "早い人"


def in_a_running_scenario(writer: Visitor, message_id: int) -> None:
    with writer.services.database.begin() as session:
        scenario = Scenario(name="お礼", trigger={"event": "purchased"}, created_at=A_SATURDAY)
        session.add(scenario)
        session.flush()
        session.add(
            Step(scenario_id=scenario.id, position=1, message_id=message_id, delay=A_SATURDAY - A_SATURDAY)
        )


def test_a_running_scenario_says_new_words_only_when_told_to(writer: Visitor) -> None:
    first = saved(writer)
    in_a_running_scenario(writer, first.message_id)
    page = f"/console/messages/{first.message_id}/edit"
    changed = TEXT | {"base": "1", "b0.text.ja": "新しい文面", "save": "1"}
    unasked = writer.submit(page, changed)
    assert unasked.status_code == 422
    assert "どちらにするかを選んでください。" in unasked.text
    writer.submit(page, changed | {"how": "copy"})
    assert newest(writer).message_id != first.message_id
    writer.submit(page, changed | {"how": "update"})
    assert (newest(writer).message_id, newest(writer).version) == (first.message_id, 2)


def test_a_scheduled_broadcast_keeps_the_version_that_was_chosen(writer: Visitor) -> None:
    first = saved(writer)
    chosen = {
        "name": "秋",
        "source": "ready",
        "ready": str(first.id),
        "audience": "everyone",
        "purpose": "sales",
    }
    writer.submit("/console/broadcasts/new", chosen)
    page = f"/console/messages/{first.message_id}"
    writer.submit(f"{page}/edit", TEXT | {"base": "1", "b0.text.ja": "別の文面", "save": "1"})
    with writer.services.database.reading() as session:
        assert session.scalars(select(Broadcast.message_version_id)).one() == first.id
    assert "選んだときの版" in writer.get("/console/broadcasts/1/edit").text
    assert "一斉配信・版1" in writer.get(page).text


def test_a_message_is_put_away_and_taken_back(writer: Visitor) -> None:
    page = f"/console/messages/{saved(writer).message_id}"
    writer.post(f"{page}/archive")
    assert "新茶のお知らせ" not in writer.get("/console/messages/").text
    assert "新茶のお知らせ" in writer.get("/console/messages/?which=archived").text
    assert "新茶のお知らせ" not in writer.get("/console/broadcasts/new").text
    writer.post(f"{page}/unarchive")
    assert "新茶のお知らせ" in writer.get("/console/messages/").text


def test_a_message_is_found_by_its_name(writer: Visitor) -> None:
    saved(writer)
    assert "新茶のお知らせ" in writer.get("/console/messages/?q=新茶").text
    assert "「番茶」というメッセージは見つかりません" in writer.get("/console/messages/?q=番茶").text


def test_a_test_goes_to_the_operators_own_line_alone(writer: Visitor) -> None:
    page = f"/console/messages/{saved(writer).message_id}"
    assert writer.post(f"{page}/test").location == "/console/account/"
    with writer.services.database.begin() as session:
        session.execute(update(Operator).values(friend_id=1))
    writer.post(f"{page}/test")
    with writer.services.database.reading() as session:
        delivery = session.scalars(select(Delivery)).one()
    assert (delivery.kind, delivery.friend_id) == (DeliveryKind.TEST, 1)


def test_a_message_that_line_refuses_is_not_saved(writer: Visitor) -> None:
    gateway = writer.services.gateway
    assert isinstance(gateway, FakeGateway)
    gateway.fail("validate/push", RefusedByLine("no", details=(("messages[0].text", "too odd"),)))
    answer = writer.submit(NEW, TEXT | {"save": "1"})
    assert answer.status_code == 422
    assert "LINEに受け付けられない内容です: messages[0].text: too odd" in answer.text


def test_a_ready_made_card_keeps_its_form_when_its_words_are_changed(writer: Visitor) -> None:
    words = {"type": "text", "text": "{{ coupon.title }}です", "color": "#112233"}
    body = {"type": "box", "layout": "vertical", "contents": [words]}
    card = {"type": "bubble", "body": body}
    content = {"ja": [{"type": "flex", "altText": "クーポン", "contents": card}]}
    with writer.services.database.begin() as session:
        session.add(Message(id=9, name="券", key="card", purpose=Purpose.CARE, created_at=A_SATURDAY))
        session.flush()
        session.add(MessageVersion(message_id=9, version=1, content=content, created_at=A_SATURDAY))
    page = "/console/messages/9/edit"
    form = next(each for each in writer.forms(page) if "n" in each.fields)
    fields = {
        name: values[0] for name, values in form.fields.items() if name not in ("csrf_token", "selected")
    }
    name = "b0.w.ja[0].contents.body.contents[0].text.ja"
    assert fields[name].strip() == "{クーポンの名前}です"
    sent = fields | {name: "{クーポンの名前}をどうぞ", "purpose": "care", "save": "1"}
    assert writer.submit(page, sent).status_code == 302
    said = newest(writer).content["ja"][0]["contents"]["body"]["contents"][0]
    assert said == {"type": "text", "text": "{{ coupon.title }}をどうぞ", "color": "#112233"}


def test_pages_speak_english_too(writer: Visitor) -> None:
    saved(writer)
    writer.post("/console/language", {"language": "en", "next": "/console/messages/"})
    page = writer.get("/console/messages/").text
    assert "New message" in page
    assert "Last edited" in page
    assert "How it looks on LINE" in writer.get("/console/messages/1").text
    assert "Product card" in writer.get(NEW).text


def test_links_are_offered_only_when_they_are_there(writer: Visitor) -> None:
    with writer.services.database.begin() as session:
        links.register(session, "秋のカタログ", "https://shop.example/", A_SATURDAY)
    page = writer.get(f"{NEW}?kind=product").text
    assert "<option>秋のカタログ</option>" in page
