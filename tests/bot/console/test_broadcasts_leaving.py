"""A broadcast leaves and is watched: its price, a test, the word to send, progress, pause and end."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.models import Operator
from scheduler import quota
from scheduler.gateway import Quota
from scheduler.models import BroadcastState, Delivery, DeliveryKind, Message, MessageVersion, Purpose
from tests.bot.browsing import Visitor
from tests.bot.console.broadcast_drafts import a_running_broadcast, a_sender, drafted, stored
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.queue import FakeQueue


@pytest.fixture
def sender(visitor: Visitor) -> Visitor:
    """Return an owner with five friends, of whom three can be reached with an offer."""
    return a_sender(visitor)


def test_the_price_names_who_falls_away_by_reason(sender: Visitor) -> None:
    page = sender.get(f"/console/broadcasts/{drafted(sender)}/price").text
    told = {"ブロックされています": 1, "配信停止を希望されています": 1, "今後のご案内を控える友だちです": 1}
    for words, count in told.items():
        assert f'{words}</th><td class="number">−{count}</td>' in page


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


def test_a_send_beyond_the_plan_needs_a_second_yes(sender: Visitor, clock: FakeClock) -> None:
    with sender.services.database.begin() as session:
        quota.note_use(session, Quota(200, 199), clock.now())
    number = drafted(sender)
    refused = sender.post(f"/console/broadcasts/{number}/send", {"when": "now"})
    assert "プランの上限を超えます" in refused.text
    sender.post(f"/console/broadcasts/{number}/send", {"when": "now", "accept_excess": "1"})
    assert stored(sender).state is BroadcastState.PLANNING
