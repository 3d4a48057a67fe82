"""Composing a broadcast in the console, page by page: nothing typed is lost, every mistake stands beside its field."""

from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select

from scheduler.jobs import Job
from scheduler.models import BroadcastState, MessageVersion
from segments.models import Audience, Segment
from tests.bot.browsing import Visitor
from tests.bot.console.broadcast_drafts import NEW, TEXT, a_running_broadcast, a_sender, drafted, stored
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY
from tests.fakes.queue import FakeQueue


@pytest.fixture
def sender(visitor: Visitor) -> Visitor:
    """Return an owner with five friends, of whom three can be reached with an offer."""
    return a_sender(visitor)


def test_a_broadcast_is_composed_priced_and_sent(sender: Visitor) -> None:
    number = drafted(sender)
    page = sender.get(f"/console/broadcasts/{number}/confirm").text
    assert "3人に送信する" in page
    assert "コミュニケーションプラン" in page
    assert "山田 花子様、新茶が入りました。" in page
    answer = sender.submit(
        f"/console/broadcasts/{number}/confirm", {"when": "now"}, to=f"/console/broadcasts/{number}/send"
    )
    assert answer.location == f"/console/broadcasts/{number}"
    assert stored(sender).state is BroadcastState.PLANNING
    queue = sender.services.queue
    assert isinstance(queue, FakeQueue)
    assert [job for job, _args, _delay in queue.waiting.values()] == [Job.PLAN_BROADCAST]


def test_what_is_stored_is_a_template_and_the_form_shows_it_as_it_was_typed(sender: Visitor) -> None:
    number = drafted(sender, text_ja="{お名前}、{% ご注意 %} {{ 1 }}", text_en="Hello {name}")
    with sender.services.database.reading() as session:
        version = session.get_one(MessageVersion, stored(sender).message_version_id)
    assert version.content["ja"][0]["text"].startswith("{{ name_sama }}、")
    page = sender.get(f"/console/broadcasts/{number}/edit").text
    assert "{お名前}、{% ご注意 %} {{ 1 }}" in page
    assert "Hello {name}" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "配信の名前を入力してください。"),
        ({"text_ja": " "}, "本文を入力してください。"),
        ({"text_ja": "あ" * 5001}, "本文は5000文字までです（現在5001文字）。"),
        ({"expires": "2026-11-20T10:00"}, "過去の日時です。"),
        ({"expires": "いつか"}, "日時を正しく入力してください。"),
        ({"source": "ready"}, "用意されたメッセージを選んでください。"),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_nothing_typed_is_lost(
    sender: Visitor, fields: dict[str, Any], words: str
) -> None:
    answer = sender.submit(NEW, TEXT | {"text_en": "New tea"} | fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert "New tea" in answer.text
    assert "まだ保存されていません" in answer.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"audience": "stages"}, "顧客ステージを1つ以上選んでください。"),
        ({"audience": "tag"}, "タグを選んでください。"),
        ({"audience": "segment"}, "セグメントを選んでください。"),
        ({"audience": "file"}, "CSVファイルを選んでください。"),
        ({"audience": "condition"}, "条件を1つ以上足してください。"),
        ({"audience": "everyone", "holdout": "51"}, "0から50までの数字で入力してください。"),
    ],
)
def test_a_mistake_in_the_audience_is_told_on_its_step_and_changes_nothing(
    sender: Visitor, fields: dict[str, Any], words: str
) -> None:
    number = drafted(sender)
    answer = sender.submit(f"/console/broadcasts/{number}/audience", fields | {"next": "1"})
    assert answer.status_code == 422
    assert words in answer.text
    assert stored(sender).condition == {"is": "everyone"}


def test_each_step_leads_to_the_next_and_keeps_what_the_others_say(sender: Visitor) -> None:
    answer = sender.submit(
        NEW, {"name": "秋", "text_ja": "{お名前}、秋です。", "purpose": "care", "next": "1"}
    )
    number = stored(sender).id
    assert answer.location == f"/console/broadcasts/{number}/audience"
    chosen = {"audience": "stages", "stages": ["regular"], "holdout": "10", "next": "1"}
    answer = sender.submit(answer.location, chosen)
    assert answer.location == f"/console/broadcasts/{number}/price"
    price = sender.get(answer.location).text
    assert '<p class="price mb-2" id="reachable">1人</p>' in price
    assert f'href="/console/broadcasts/{number}/look"' in price
    assert "山田 花子様、秋です。" in sender.get(f"/console/broadcasts/{number}/look").text
    sender.submit(
        f"/console/broadcasts/{number}/edit",
        {"name": "深秋", "text_ja": "深秋です。", "purpose": "care", "next": "1"},
    )
    now = stored(sender)
    assert (now.name, now.holdout_percent) == ("深秋", 10)
    assert now.condition == {"is": "stage", "stages": ["regular"]}


def test_conditions_put_together_in_the_builder_are_the_audience(sender: Visitor) -> None:
    number = drafted(sender)
    built = {"audience": "condition", "c.is": "all", "c.0.is": "tag", "c.0.names": ["ギフト"], "next": "1"}
    answer = sender.submit(f"/console/broadcasts/{number}/audience", built)
    assert answer.status_code == 302, answer.text
    condition = stored(sender).condition or {}
    assert (condition["is"], condition["of"][0]["names"]) == ("all", ["ギフト"])
    assert "1人に送信する" in sender.get(f"/console/broadcasts/{number}/confirm").text


def test_a_broadcast_is_marked_for_mail_and_stays_so(sender: Visitor) -> None:
    number = drafted(sender)
    where = f"/console/broadcasts/{number}/audience"
    assert "いまはメールの設定が済んでいないため" in sender.get(where).text
    sender.submit(where, {"audience": "everyone", "by_mail": "y", "next": "1"})
    assert stored(sender).by_mail
    edit = {"name": "深秋", "text_ja": "深秋です。", "purpose": "care", "next": "1"}
    sender.submit(f"/console/broadcasts/{number}/edit", edit)
    assert stored(sender).by_mail
    sender.post(f"/console/broadcasts/{number}/copy")
    assert stored(sender).by_mail
    again = f"/console/broadcasts/{stored(sender).id}/audience"
    sender.submit(again, {"audience": "everyone", "next": "1"})
    assert not stored(sender).by_mail


def test_a_step_that_saved_itself_is_there_again_and_can_be_thrown_away(sender: Visitor) -> None:
    number = drafted(sender)
    edit = f"/console/broadcasts/{number}/edit"
    fields = {
        "place": f"broadcast:{number}:content",
        "name": "新茶",
        "source": "write",
        "text_ja": "途中まで",
    }
    kept = sender.submit(edit, fields, to="/console/broadcasts/keep")
    assert "に自動保存しました" in kept.text
    page = sender.get(edit).text
    assert "途中まで" in page
    assert "自動保存した、まだ保存していない内容から続けています。" in page
    sender.post("/console/broadcasts/unkeep", {"place": f"broadcast:{number}:content"})
    assert "途中まで" not in sender.get(edit).text


def test_a_draft_is_thrown_away_and_taken_back(sender: Visitor) -> None:
    number = drafted(sender)
    page = f"/console/broadcasts/{number}"
    sender.post(f"{page}/remove")
    assert "新茶のお知らせ" not in sender.get("/console/broadcasts/").text
    assert "捨てた下書きです。" in sender.get(page).text
    sender.post(f"{page}/send", {"when": "now"})
    assert stored(sender).state is BroadcastState.DRAFT
    sender.post(f"{page}/take-back")
    assert "新茶のお知らせ" in sender.get("/console/broadcasts/").text


def test_a_broadcast_is_copied_as_a_new_draft(sender: Visitor) -> None:
    number = a_running_broadcast(sender)
    answer = sender.post(f"/console/broadcasts/{number}/copy")
    made = stored(sender)
    assert answer.location == f"/console/broadcasts/{made.id}/edit"
    assert (made.name, made.state) == ("新茶のお知らせのコピー", BroadcastState.DRAFT)
    assert made.condition == {"is": "everyone"}


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("standing=draft", True),
        ("standing=done", False),
        ("day=2026-11-21", True),
        ("day=2026-11-20", False),
        ("q=新茶", True),
        ("q=100%", False),
        ("standing=strange&day=strange", True),
    ],
)
def test_the_list_is_narrowed_by_standing_day_and_name(sender: Visitor, query: str, is_there: bool) -> None:
    drafted(sender)
    assert ("新茶のお知らせ" in sender.get(f"/console/broadcasts/?{query}").text) is is_there


def test_a_misspelt_insert_is_told_with_those_that_there_are(sender: Visitor) -> None:
    answer = sender.submit(NEW, TEXT | {"text_ja": "{なまえ}、{お名前}へ", "text_en": "Hi {nmae}"})
    assert answer.status_code == 422
    assert "{なまえ}は差し込みの名前ではありません。使えるのは {お名前} {最後に買った商品}" in answer.text
    assert "{nmae}は差し込みの名前ではありません。使えるのは {name} {last product}" in answer.text


@pytest.mark.parametrize(
    ("text", "is_warned"), [("{お名前}さん、", True), ("{お名前} 様", True), ("{お名前}、様々な", False)]
)
def test_a_second_sama_behind_the_name_is_warned_of(sender: Visitor, text: str, is_warned: bool) -> None:
    number = drafted(sender, text_ja=text)
    page = sender.get(f"/console/broadcasts/{number}/confirm").text
    assert ("「様」が含まれています" in page) is is_warned


def test_of_a_file_friends_without_line_and_repeated_lines_are_told(sender: Visitor) -> None:
    with sender.services.database.begin() as session:
        a_friend(session, member_number="M3", line_user_id=None)
    file = (BytesIO("会員番号\nM2\nM3\nM2\n".encode()), "friends.csv")
    sender.submit(NEW, TEXT | {"audience": "file", "file": file})
    page = sender.get(f"/console/broadcasts/{stored(sender).id}/confirm").text
    assert "LINEとつながっていない 1人" in page
    assert "同じ友だちの行が1件重なっています" in page


def test_all_mistakes_are_told_at_once(sender: Visitor) -> None:
    answer = sender.submit(NEW, TEXT | {"name": "", "expires": "いつか", "text_ja": ""})
    for words in ("配信の名前を入力", "日時を正しく入力", "本文を入力してください"):
        assert words in answer.text


@pytest.mark.parametrize(
    ("fields", "people"),
    [
        ({"audience": "stages", "stages": ["regular"]}, 1),
        ({"audience": "tag", "tag": "ギフト"}, 1),
        ({"audience": "segment", "segment": "1"}, 3),
        ({"purpose": "care"}, 4),
    ],
)
def test_the_audience_chosen_is_the_audience_priced(
    sender: Visitor, fields: dict[str, Any], people: int
) -> None:
    with sender.services.database.begin() as session:
        session.add(
            Segment(
                id=1, name="全員", condition={"is": "everyone"}, created_at=A_SATURDAY, updated_at=A_SATURDAY
            )
        )
    number = drafted(sender, **fields)
    assert f"{people}人に送信する" in sender.get(f"/console/broadcasts/{number}/confirm").text


def test_a_file_of_member_numbers_becomes_a_list_and_unknown_lines_are_told(sender: Visitor) -> None:
    file = (BytesIO("会員番号,名前\nM2,花子\nM9,知らない人\n".encode("cp932")), "friends.csv")
    number = drafted(sender)
    step = f"/console/broadcasts/{number}/audience"
    answer = sender.submit(step, {"audience": "file", "file": file, "holdout": "x"})
    assert "3行目「M9」" in answer.text
    assert "いまのリスト: 1人" in answer.text
    with sender.services.database.reading() as session:
        kept = session.scalars(select(Audience)).one()
    sender.submit(step, {"audience": "file", "audience_id": str(kept.id)})
    assert stored(sender).audience_id == kept.id
    assert "1人に送信する" in sender.get(f"/console/broadcasts/{number}/confirm").text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\xff", "CSVファイルとして読めませんでした"),
        ("名前\n花子\n".encode(), "見出しの列が必要です"),
        (b" \n", "ファイルが空です"),
        (b"member_number\n", "1人も入っていません"),
        (b"member_number\nM404\n", "誰も見つかりませんでした"),
    ],
)
def test_a_file_that_will_not_do_is_told_beside_the_field(sender: Visitor, data: bytes, words: str) -> None:
    sent = {"audience": "file", "file": (BytesIO(data), "friends.csv")}
    answer = sender.submit(f"/console/broadcasts/{drafted(sender)}/audience", sent)
    assert answer.status_code == 422
    assert words in answer.text


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(sender: Visitor) -> None:
    kind = "multipart/form-data; boundary=x"
    assert sender.client.post(NEW, data=b"x" * (9 * 1024 * 1024), content_type=kind).status_code == 413
    small = "/console/account/"
    assert sender.client.post(small, data=b"x" * (2 * 1024 * 1024), content_type=kind).status_code == 413


def test_a_draft_is_saved_and_listed(sender: Visitor) -> None:
    answer = sender.submit(NEW, TEXT | {"draft": "1"})
    assert answer.location == "/console/broadcasts/"
    assert "新茶のお知らせ" in sender.get("/console/broadcasts/").text


def test_a_broadcast_that_does_not_exist_is_not_found(sender: Visitor) -> None:
    assert sender.get("/console/broadcasts/999").status_code == 404
    assert sender.post("/console/broadcasts/999/cancel").status_code == 404
