"""Composing, pricing, sending and stopping a broadcast in the console."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.models import Operator
from scheduler import quota
from scheduler.gateway import Quota
from scheduler.jobs import Job
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Message,
    MessageVersion,
    Purpose,
)
from segments import tags
from segments.models import Audience, Segment
from tests.bot.browsing import Visitor
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.queue import FakeQueue

NEW = "/console/broadcasts/new"
TEXT: dict[str, Any] = {
    "name": "新茶のお知らせ",
    "audience": "everyone",
    "purpose": "sales",
    "source": "write",
    "text_ja": "{お名前}、新茶が入りました。",
}


@pytest.fixture
def sender(visitor: Visitor) -> Visitor:
    """An owner, and five friends of whom three can be reached with an offer."""
    with visitor.services.database.begin() as session:
        a_friend(session, facts={"stage": "regular"})
        tagged = a_friend(session, member_number="M2")
        a_friend(session, blocked_at=days_ago(1))
        a_friend(session, opted_out_at=days_ago(1))
        a_friend(session, facts={"suppressed_at": days_ago(1)})
        a_friend(session, display_name="自分")
        tags.tag(session, tagged.id, "ギフト", A_SATURDAY, "test")
    return visitor.log_in()


def stored(sender: Visitor) -> Broadcast:
    with sender.services.database.reading() as session:
        return session.scalars(select(Broadcast).order_by(Broadcast.id.desc())).first() or pytest.fail(
            "no draft"
        )


def drafted(sender: Visitor, **fields: Any) -> int:
    answer = sender.submit(NEW, TEXT | fields)
    assert answer.status_code == 302, answer.text
    return stored(sender).id


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


def test_the_price_names_who_falls_away_by_reason(sender: Visitor) -> None:
    page = sender.get(f"/console/broadcasts/{drafted(sender)}/price").text
    told = {"ブロックされています": 1, "配信停止を希望されています": 1, "今後のご案内を控える友だちです": 1}
    for words, count in told.items():
        assert f'{words}</th><td class="number">−{count}</td>' in page


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


def test_the_button_says_what_it_will_do(sender: Visitor) -> None:
    page = sender.get(f"/console/broadcasts/{drafted(sender)}/confirm").text
    assert ">この内容で確定する（3人）</button>" in page
    assert 'data-label-later="3人への配信を予約する"' in page


def test_a_scheduled_broadcast_says_how_many_it_reaches(sender: Visitor) -> None:
    number = drafted(sender)
    sender.post(f"/console/broadcasts/{number}/send", {"when": "later", "at": "2026-11-22T10:00"})
    assert "いまの見込みでは3人に送信します。" in sender.get(f"/console/broadcasts/{number}").text


def test_a_cancelled_broadcast_says_how_many_had_got_it(sender: Visitor) -> None:
    number = a_running_broadcast(sender)
    sender.post(f"/console/broadcasts/{number}/cancel")
    page = sender.get(f"/console/broadcasts/{number}").text
    assert "取り消すまでに3人のうち1人に送信しました。" in page
    assert "<progress" not in page


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


def test_a_ready_message_is_sent_as_it_stands(sender: Visitor) -> None:
    with sender.services.database.begin() as session:
        message = Message(key="hello", name="あいさつ", purpose=Purpose.CARE, created_at=A_SATURDAY)
        session.add(message)
        session.flush()
        content = {"ja": [{"type": "text", "text": "こんにちは"}]}
        session.add(
            MessageVersion(id=7, message_id=message.id, version=1, content=content, created_at=A_SATURDAY)
        )
    number = drafted(sender, source="ready", ready="7")
    assert stored(sender).message_version_id == 7
    assert "こんにちは" in sender.get(f"/console/broadcasts/{number}/confirm").text


def test_a_time_that_has_passed_is_refused_and_a_later_one_is_the_shops(sender: Visitor) -> None:
    number = drafted(sender)
    confirm, send = f"/console/broadcasts/{number}/confirm", f"/console/broadcasts/{number}/send"
    past = sender.submit(confirm, {"when": "later", "at": "2026-11-21T14:29"}, to=send)
    assert past.status_code == 422
    assert "過去の日時です" in past.text
    assert 'value="2026-11-21T14:29"' in past.text
    sender.submit(confirm, {"when": "later", "at": "2026-11-22T10:00"}, to=send)
    assert stored(sender).scheduled_at == A_SATURDAY + timedelta(hours=19, minutes=30)
    assert "2026年11月22日（日） 10:00（日本時間）" in sender.get(f"/console/broadcasts/{number}").text


def test_nobody_to_reach_means_nothing_is_sent(sender: Visitor) -> None:
    number = drafted(sender, audience="stages", stages=["exit"])
    confirm = f"/console/broadcasts/{number}/confirm"
    assert "disabled" in sender.get(confirm).text
    answer = sender.submit(confirm, {"when": "now"}, to=f"/console/broadcasts/{number}/send")
    assert "送信できる友だちが1人もいません" in answer.text
    assert stored(sender).state is BroadcastState.DRAFT


def test_sending_twice_sends_once(sender: Visitor) -> None:
    number = drafted(sender)
    for _ in range(2):
        sender.post(f"/console/broadcasts/{number}/send", {"when": "now"})
    queue = sender.services.queue
    assert isinstance(queue, FakeQueue)
    assert len(queue.ever) == 1


def test_a_test_goes_to_the_operators_own_line_alone(sender: Visitor) -> None:
    number = drafted(sender)
    unchosen = sender.post(f"/console/broadcasts/{number}/test")
    assert unchosen.location == "/console/account/"
    with sender.services.database.begin() as session:
        session.execute(update(Operator).values(friend_id=6))
    sender.post(f"/console/broadcasts/{number}/test")
    with sender.services.database.reading() as session:
        delivery = session.scalars(select(Delivery)).one()
    assert (delivery.kind, delivery.friend_id, delivery.broadcast_id) == (DeliveryKind.TEST, 6, None)


def a_running_broadcast(sender: Visitor) -> int:
    number = drafted(sender)
    with sender.services.database.begin() as session:
        session.execute(
            update(Broadcast).values(
                state=BroadcastState.SENDING, planned_at=A_SATURDAY, started_at=A_SATURDAY
            )
        )
        states = (DeliveryState.ACCEPTED, DeliveryState.QUEUED, DeliveryState.SKIPPED)
        for friend_id, state in enumerate(states, start=1):
            session.add(
                Delivery(
                    friend_id=friend_id,
                    kind=DeliveryKind.BROADCAST,
                    purpose=Purpose.SALES,
                    broadcast_id=number,
                    state=state,
                    reason="blocked" if state is DeliveryState.SKIPPED else None,
                    created_at=A_SATURDAY,
                )
            )
    return number


def test_progress_is_told_as_a_page_and_as_figures(sender: Visitor) -> None:
    number = a_running_broadcast(sender)
    figures = sender.get(f"/console/broadcasts/{number}/progress.json").get_json()
    assert (figures["state"], figures["state_label"], figures["total"], figures["done"]) == (
        "sending",
        "配信中",
        3,
        2,
    )
    assert figures["counts"]["queued"] == 1
    page = sender.get(f"/console/broadcasts/{number}").text
    assert "ブロックされています: 1人" in page
    assert "一時停止する" in page


def test_those_who_did_not_get_it_are_listed_by_reason(sender: Visitor) -> None:
    number = a_running_broadcast(sender)
    address = f"/console/broadcasts/{number}/unsent"
    assert f"{address}?reason=blocked" in sender.get(f"/console/broadcasts/{number}").text
    for query in ("", "?reason=blocked", "?after=x"):
        listed = sender.get(address + query).text
        assert 'href="/console/friends/3"' in listed
        assert 'href="/console/friends/1"' not in listed
        assert f"/console/friends/3/why?about=broadcast:{number}" in listed
    for query in ("?reason=opted_out", "?after=3"):
        assert "送られなかった友だちはいません" in sender.get(address + query).text


def test_it_is_paused_resumed_and_cancelled_for_good(sender: Visitor) -> None:
    number = a_running_broadcast(sender)
    sender.post(f"/console/broadcasts/{number}/pause")
    assert (stored(sender).state, stored(sender).state_reason) == (BroadcastState.PAUSED, "operator")
    sender.post(f"/console/broadcasts/{number}/resume")
    assert stored(sender).state is BroadcastState.SENDING
    asked = sender.get(f"/console/broadcasts/{number}/cancel").text
    assert "1人への配信を取り消す" in asked
    assert "元に戻すことはできません" in asked
    sender.post(f"/console/broadcasts/{number}/cancel")
    assert stored(sender).state is BroadcastState.CANCELLED
    again = sender.client.get(sender.post(f"/console/broadcasts/{number}/resume").location)
    assert "状態が変わったため" in again.text


def test_what_has_begun_to_leave_cannot_be_edited(sender: Visitor) -> None:
    number = a_running_broadcast(sender)
    assert sender.get(f"/console/broadcasts/{number}/edit").location == f"/console/broadcasts/{number}"
    assert sender.get(f"/console/broadcasts/{number}/confirm").location == f"/console/broadcasts/{number}"


def test_a_draft_is_saved_and_listed(sender: Visitor) -> None:
    answer = sender.submit(NEW, TEXT | {"draft": "1"})
    assert answer.location == "/console/broadcasts/"
    assert "新茶のお知らせ" in sender.get("/console/broadcasts/").text


def test_a_send_beyond_the_plan_needs_a_second_yes(sender: Visitor, clock: FakeClock) -> None:
    with sender.services.database.begin() as session:
        quota.note_use(session, Quota(200, 199), clock.now())
    number = drafted(sender)
    refused = sender.post(f"/console/broadcasts/{number}/send", {"when": "now"})
    assert "プランの上限を超えます" in refused.text
    sender.post(f"/console/broadcasts/{number}/send", {"when": "now", "accept_excess": "1"})
    assert stored(sender).state is BroadcastState.PLANNING


def test_a_broadcast_that_does_not_exist_is_not_found(sender: Visitor) -> None:
    assert sender.get("/console/broadcasts/999").status_code == 404
    assert sender.post("/console/broadcasts/999/cancel").status_code == 404
