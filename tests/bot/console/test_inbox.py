"""The inbox: who waits, what was said, answering for nothing or for one message, handing over and back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import operators
from bot.models import AuditEntry, ChatState, Role, SavedReply
from bot.services import Services
from scheduler.gateway import RefusedByLine, UncertainGatewayError
from scheduler.models import Delivery, DeliveryKind, DeliveryState
from segments import conversations
from segments.models import ChatMedia, ChatMessage, Direction, Friend, FriendNote, Question
from tests.bot.browsing import PASSWORD, Visitor
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway

INBOX = "/console/inbox/"


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    return visitor.log_in(Role.OWNER)


def gateway_of(services: Services) -> FakeGateway:
    assert isinstance(services.gateway, FakeGateway)
    return services.gateway


def asks(visitor: Visitor, text: str, name: str = "さくら", ago: float = 0.5, *, kind: str = "text") -> int:
    """Have a new friend ask; return the friend's id."""
    with visitor.services.database.begin() as session:
        friend = a_friend(session, display_name=name, last_wrote_at=days_ago(ago))
        said = ChatMessage(
            friend_id=friend.id, direction=Direction.IN, kind=kind, text=text, at=days_ago(ago),
            line_message_id=f"line-{friend.id}",
        )  # fmt: skip
        session.add(said)
        session.flush()
        conversations.ask(session, friend, said, days_ago(ago))
        return friend.id


def has_token(visitor: Visitor, friend_id: int, seconds: int = 40) -> str:
    """Give a friend a reply token that the bot left to a person."""
    with visitor.services.database.begin() as session:
        friend = session.get_one(Friend, friend_id)
        token = gateway_of(visitor.services).reply_token(str(friend.line_user_id))
        until = A_SATURDAY + timedelta(seconds=seconds)
        state = {"reply_token": token, "reply_token_until": until, "language_chosen": False}
        session.add(ChatState(friend_id=friend_id, **state))
    return token


def answers(visitor: Visitor, friend_id: int, text: str, **more: str):
    """Send the form of a conversation as the page has it."""
    page = f"{INBOX}{friend_id}"
    (form,) = [each for each in visitor.forms(page) if each.action.split("?")[0].endswith("/answer")]
    fields = {name: values[0] for name, values in form.fields.items()} | {"text": text} | more
    return visitor.submit(page, fields, to=form.action)


def open_questions(visitor: Visitor) -> int:
    with visitor.services.database.reading() as session:
        return len(session.scalars(select(Question).where(Question.answered_at.is_(None))).all())


def test_who_waits_longest_stands_first_and_a_name_finds_a_conversation(owner: Visitor) -> None:
    asks(owner, "新しい質問", "すみれ", 0.1)
    asks(owner, "古い質問", "あおい", 2)
    page = owner.get(INBOX).text
    assert page.index("あおい") < page.index("すみれ")
    assert "2日前からお返事待ち" in page
    assert "お返事待ちの友だちは2人です。" in page
    found = owner.get(f"{INBOX}?filter=all&q=すみれ").text
    assert "すみれ" in found
    assert "あおい" not in found


@pytest.mark.parametrize("which", ["waiting", "mine", "all", "closed", "nonsense"])
def test_every_filter_says_what_to_do_when_it_is_empty(owner: Visitor, which: str) -> None:
    page = owner.get(f"{INBOX}?filter={which}")
    assert page.status_code == 200
    assert 'class="empty"' in page.text


def test_an_answer_is_pushed_the_questions_close_and_the_bot_keeps_silent_for_a_while(owner: Visitor) -> None:
    friend_id = asks(owner, "送料は？")
    assert "今月の通数を1通使います" in owner.get(f"{INBOX}{friend_id}").text
    assert answers(owner, friend_id, "無料です").status_code == 302
    with owner.services.database.reading() as session:
        delivery = session.scalars(select(Delivery)).one()
        assert (delivery.kind, delivery.state) == (DeliveryKind.MANUAL, DeliveryState.QUEUED)
        state = session.get_one(ChatState, friend_id)
        assert state.held_until == A_SATURDAY + timedelta(hours=2)
        assert state.assigned_to_id == 1
        assert session.scalars(select(Question)).one().answered_by == "花子"
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.action == "chat_answered")).one()
    page = owner.get(f"{INBOX}{friend_id}?filter=closed").text
    assert "無料です" in page
    assert "送信待ち" in page
    assert "スタッフが対応中です。" in page


def test_while_the_reply_token_lives_an_answer_is_free_and_there_at_once(owner: Visitor) -> None:
    friend_id = asks(owner, "送料は？")
    has_token(owner, friend_id)
    assert "無料で返信できます" in owner.get(f"{INBOX}{friend_id}").text
    assert answers(owner, friend_id, "無料です\n{{ お待ちしています }}").status_code == 302
    gateway = gateway_of(owner.services)
    with owner.services.database.reading() as session:
        friend = session.get_one(Friend, friend_id)
        assert gateway.sent_to(str(friend.line_user_id)) == ["無料です\n{{ お待ちしています }}"]
        assert gateway.used == 0
        assert session.scalars(select(Delivery.state)).one() is DeliveryState.ACCEPTED
        assert session.get_one(ChatState, friend_id).reply_token is None
    assert open_questions(owner) == 0
    page = owner.get(f"{INBOX}{friend_id}").text
    assert "受付済み" in page
    assert "花子" in page


def test_when_the_free_time_ran_out_nothing_is_sent_before_that_is_known(
    owner: Visitor, clock: FakeClock
) -> None:
    friend_id = asks(owner, "送料は？")
    has_token(owner, friend_id, seconds=5)
    page = f"{INBOX}{friend_id}"
    fields = {"text": "大切な長い返事", "free": "1", "seen": "0", "up_to": "1"}
    token = owner.token(page)
    clock.advance(timedelta(seconds=6))
    refused = owner.client.post(
        f"{page}/answer", data=fields | {"csrf_token": token}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert refused.status_code == 422
    assert "無料で返信できる時間が過ぎました。" in refused.text
    assert "大切な長い返事" in refused.text
    assert open_questions(owner) == 1
    assert answers(owner, friend_id, "大切な長い返事").status_code == 302
    with owner.services.database.reading() as session:
        assert session.scalars(select(Delivery.kind)).one() is DeliveryKind.MANUAL


def test_a_reply_that_line_refuses_is_told_and_the_next_press_pushes(owner: Visitor) -> None:
    friend_id = asks(owner, "送料は？")
    has_token(owner, friend_id)
    gateway_of(owner.services).fail("reply", RefusedByLine("Invalid reply token", status=400))
    refused = answers(owner, friend_id, "無料です")
    assert refused.status_code == 422
    assert "友だちには届いていません。" in refused.text
    assert open_questions(owner) == 1
    assert answers(owner, friend_id, "無料です").status_code == 302
    assert open_questions(owner) == 0


def test_a_reply_nobody_knows_the_end_of_is_left_to_a_person_and_never_sent_again(owner: Visitor) -> None:
    friend_id = asks(owner, "送料は？")
    has_token(owner, friend_id)
    gateway_of(owner.services).lose_answer("reply")
    assert answers(owner, friend_id, "無料です").status_code == 302
    page = owner.get(f"{INBOX}{friend_id}").text
    assert "届いたかどうか分かりません" in page
    assert open_questions(owner) == 1
    assert len(gateway_of(owner.services).calls) == 1
    owner.post(f"{INBOX}{friend_id}/settle")
    assert "届いたかどうか分かりません" not in owner.get(f"{INBOX}{friend_id}").text


def test_an_answer_that_failed_brings_the_conversation_back_to_those_who_wait(owner: Visitor) -> None:
    friend_id = asks(owner, "送料は？")
    answers(owner, friend_id, "無料です")
    assert "お返事待ちの友だちはいません。" in owner.get(INBOX).text
    with owner.services.database.begin() as session:
        delivery = session.scalars(select(Delivery)).one()
        delivery.state, delivery.reason = DeliveryState.FAILED, "refused"
    listed = owner.get(INBOX).text
    assert "お返事が届いていません" in listed
    assert "お返事待ちの友だちは1人です。" in listed
    page = owner.get(f"{INBOX}{friend_id}").text
    assert "LINEに受け付けられませんでした" in page
    owner.post(f"{INBOX}{friend_id}/close", {"up_to": "0"})
    assert "お返事待ちの友だちはいません。" in owner.get(INBOX).text


def test_of_two_answers_written_at_once_the_second_asks_again(owner: Visitor) -> None:
    friend_id = asks(owner, "送料は？")
    answers(owner, friend_id, "無料です")
    second = answers(owner, friend_id, "500円です", seen="0")
    assert second.status_code == 422
    assert "この画面を開いたあとに、お返事が送られています。" in second.text
    assert "500円です" in second.text
    with owner.services.database.reading() as session:
        assert len(session.scalars(select(Delivery)).all()) == 1


def test_a_question_that_came_while_typing_stays_on_the_list(owner: Visitor) -> None:
    friend_id = asks(owner, "送料は？")
    with owner.services.database.begin() as session:
        friend = session.get_one(Friend, friend_id)
        said = conversations.heard(
            session, friend, kind="text", text="色は？", content=None, line_message_id="later", at=A_SATURDAY
        )
        conversations.ask(session, friend, said, A_SATURDAY)
    answers(owner, friend_id, "無料です", up_to="1")
    assert open_questions(owner) == 1
    assert "色は？" in owner.get(INBOX).text


@pytest.mark.parametrize(
    ("text", "words"),
    [(" ", "お返事を入力してください。"), ("あ" * 5001, "お返事は5000文字までです（現在5001文字）。")],
)
def test_what_cannot_be_sent_is_told_beside_the_field(owner: Visitor, text: str, words: str) -> None:
    friend_id = asks(owner, "送料は？")
    refused = answers(owner, friend_id, text)
    assert refused.status_code == 422
    assert words in refused.text
    assert open_questions(owner) == 1


def test_a_friend_who_blocked_us_is_told_of_before_anything_is_typed(owner: Visitor) -> None:
    friend_id = asks(owner, "送料は？")
    with owner.services.database.begin() as session:
        session.get_one(Friend, friend_id).blocked_at = days_ago(0.1)
    assert "いまは送信できません: ブロックされています" in owner.get(f"{INBOX}{friend_id}").text
    refused = answers(owner, friend_id, "大切なお返事")
    assert "この友だちにはお送りできません: ブロックされています" in refused.text
    assert "大切なお返事" in refused.text


def test_taking_over_and_handing_back(owner: Visitor) -> None:
    friend_id = asks(owner, "送料は？")
    owner.post(f"{INBOX}{friend_id}/take-over")
    assert "スタッフが対応中です。" in owner.get(f"{INBOX}{friend_id}").text
    owner.post(f"{INBOX}{friend_id}/hand-back")
    with owner.services.database.reading() as session:
        state = session.get_one(ChatState, friend_id)
        assert (state.held_until, state.with_person_since) == (None, None)
    assert open_questions(owner) == 1


def test_a_conversation_is_given_to_a_colleague_and_shown_as_theirs(owner: Visitor) -> None:
    friend_id = asks(owner, "送料は？")
    with owner.services.database.begin() as session:
        operators.create(session, "jiro", "次郎", Role.OPERATOR, PASSWORD, A_SATURDAY)
    owner.post(f"{INBOX}{friend_id}/assign", {"operator": "2"})
    assert "担当: 次郎" in owner.get(INBOX).text
    assert "担当している会話はありません" in owner.get(f"{INBOX}?filter=mine").text
    missing = owner.post(f"{INBOX}{friend_id}/assign", {"operator": "99"})
    assert missing.status_code == 404


def test_two_people_who_open_the_same_conversation_see_each_other(owner: Visitor) -> None:
    friend_id = asks(owner, "送料は？")
    other = Visitor(owner.app).log_in(Role.OPERATOR, "jiro")
    other.get(f"{INBOX}{friend_id}")
    assert "花子もこの会話を開いています。" in owner.get(f"{INBOX}{friend_id}").text


def test_a_note_is_kept_and_never_sent(owner: Visitor) -> None:
    friend_id = asks(owner, "送料は？")
    owner.post(f"{INBOX}{friend_id}/note", {"note": "電話では話しにくいとのこと"})
    page = owner.get(f"{INBOX}{friend_id}").text
    assert "電話では話しにくいとのこと" in page
    assert "thread-memo" in page
    with owner.services.database.reading() as session:
        assert session.scalars(select(FriendNote.by)).one() == "operator:1"
        assert session.scalars(select(Delivery)).all() == []
    assert owner.post(f"{INBOX}{friend_id}/note", {"note": " "}).status_code == 422


def test_news_are_there_once_and_then_nothing_has_changed(owner: Visitor) -> None:
    friend_id = asks(owner, "送料は？")
    first = owner.get(f"{INBOX}{friend_id}/news")
    assert "さくらさんから新しいメッセージ: 送料は？" in first.get_json()["newestWords"]
    again = owner.client.get(f"{INBOX}{friend_id}/news", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    with owner.services.database.begin() as session:
        friend = session.get_one(Friend, friend_id)
        conversations.heard(
            session, friend, kind="text", text="急ぎです", content=None, line_message_id="x", at=A_SATURDAY
        )
    fresh = owner.client.get(f"{INBOX}{friend_id}/news", headers={"If-None-Match": first.headers["ETag"]})
    assert "急ぎです" in fresh.get_json()["thread"]


def test_a_picture_is_fetched_once_and_forgotten_when_it_is_taken_back(owner: Visitor) -> None:
    friend_id = asks(owner, "", kind="image")
    gateway = gateway_of(owner.services)
    picture = f"{INBOX}media/1"
    assert owner.get(picture).status_code == 404
    gateway.contents[f"line-{friend_id}"] = b"<html>no picture</html>"
    assert owner.get(picture).status_code == 404
    gateway.contents[f"line-{friend_id}"] = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
    shown = owner.get(picture)
    assert (shown.status_code, shown.content_type) == (200, "image/png")
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    calls = len(gateway.calls)
    assert owner.get(picture).status_code == 200
    assert len(gateway.calls) == calls
    assert f'src="{picture}"' in owner.get(f"{INBOX}{friend_id}").text
    with owner.services.database.begin() as session:
        conversations.unsend(session, f"line-{friend_id}", A_SATURDAY)
        assert session.scalars(select(ChatMedia)).all() == []
    assert owner.get(picture).status_code == 404


def test_a_saved_reply_is_filled_in_for_the_friend_and_put_into_the_field(owner: Visitor) -> None:
    friend_id = asks(owner, "送料は？")
    owner.submit(f"{INBOX}replies/", {"name": "挨拶", "text": "{お名前}、こんにちは。{山}"})
    assert owner.get(f"{INBOX}replies/").text.count("挨拶") == 0
    owner.submit(f"{INBOX}replies/", {"name": "挨拶", "text": "{お名前}、こんにちは。"})
    page = owner.get(f"{INBOX}{friend_id}?reply=1").text
    assert page.count("さくら様、こんにちは。") == 2
    taken = owner.submit(f"{INBOX}replies/", {"name": "挨拶", "text": "別の文"})
    assert "「挨拶」という名前の定型文は、すでにあります。" in taken.text
    assert "別の文" in taken.text
    owner.post(f"{INBOX}replies/1/remove")
    with owner.services.database.reading() as session:
        assert session.scalars(select(SavedReply)).all() == []


def test_how_long_the_bot_keeps_silent_is_set_and_checked(owner: Visitor) -> None:
    assert owner.post(f"{INBOX}replies/hold", {"minutes": "5"}).status_code == 422
    assert owner.post(f"{INBOX}replies/hold", {"minutes": "30"}).status_code == 302
    friend_id = asks(owner, "送料は？")
    owner.post(f"{INBOX}{friend_id}/take-over")
    with owner.services.database.reading() as session:
        assert session.get_one(ChatState, friend_id).held_until == A_SATURDAY + timedelta(minutes=30)


def test_an_unclear_error_of_the_network_is_no_refusal(owner: Visitor) -> None:
    friend_id = asks(owner, "送料は？")
    has_token(owner, friend_id)
    gateway_of(owner.services).fail("reply", UncertainGatewayError("timed out"))
    assert answers(owner, friend_id, "無料です").status_code == 302
    with owner.services.database.reading() as session:
        assert session.scalars(select(Delivery.state)).one() is DeliveryState.UNCERTAIN


def test_an_unknown_friend_is_not_found(owner: Visitor) -> None:
    assert owner.get(f"{INBOX}999").status_code == 404
    assert owner.post(f"{INBOX}999/take-over").status_code == 404


def test_the_pages_speak_english(owner: Visitor) -> None:
    friend_id = asks(owner, "How much?", "Emma")
    owner.post("/console/language", {"language": "en"})
    page = owner.get(f"{INBOX}{friend_id}").text
    assert "Friends waiting for an answer: 1." in page
    assert "Sending uses one of this month’s messages" in page
