"""Answering a friend's question from the console."""

import pytest
from sqlalchemy import select

from bot.models import AuditEntry, ChatState, Role
from scheduler.models import Delivery, DeliveryKind, DeliveryState, MessageVersion
from segments.models import ChatMessage, Direction, Friend, Question
from tests.bot.browsing import Visitor
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY
from tests.fakes.queue import FakeQueue

PAGE = "/console/questions/"


def asks(visitor: Visitor, text: str, friend_id: int | None = None) -> tuple[int, int]:
    """Have a friend, a new one if none is named, ask; return friend and question."""
    with visitor.services.database.begin() as session:
        if friend_id is None:
            friend_id = a_friend(session, display_name="さくら").id
            state = {"with_person_since": days_ago(1), "told_to_wait_at": days_ago(1)}
            session.add(ChatState(friend_id=friend_id, language_chosen=False, **state))
        said = ChatMessage(
            friend_id=friend_id, direction=Direction.IN, kind="text", text=text, at=days_ago(0.5)
        )
        session.add(said)
        session.flush()
        question = Question(friend_id=friend_id, message_id=said.id, asked_at=said.at)
        session.add(question)
        session.flush()
        return friend_id, question.id


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    return visitor.log_in(Role.OPERATOR)


def test_an_answer_is_pushed_and_noted_and_the_bot_takes_over_again(owner: Visitor) -> None:
    friend_id, question_id = asks(owner, "送料は？")
    assert "今月のメッセージ通数を1通使います。" in owner.get(PAGE).text
    answer = owner.post(f"{PAGE}{question_id}/answer", {"text": "{{ 無料 }}です"})
    assert answer.location == PAGE
    with owner.services.database.reading() as session:
        delivery = session.scalars(select(Delivery)).one()
        assert (delivery.friend_id, delivery.kind) == (friend_id, DeliveryKind.MANUAL)
        question = session.get_one(Question, question_id)
        assert (question.answered_by, question.answered_at) == ("花子", A_SATURDAY)
        assert question.answer_delivery_id == delivery.id
        state = session.get_one(ChatState, friend_id)
        assert (state.with_person_since, state.told_to_wait_at) == (None, None)
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "question_answered")).one()
        assert (noted.actor, noted.subject, noted.details) == (
            "operator:1",
            str(question_id),
            {"delivery": delivery.id},
        )
    queue = owner.services.queue
    assert isinstance(queue, FakeQueue)
    assert len(queue.waiting) == 1
    page = owner.get(PAGE).text
    assert "お待ちの質問はありません" in page
    assert "送信待ち" in page


def test_a_second_click_sends_nothing_more(owner: Visitor) -> None:
    _friend_id, question_id = asks(owner, "送料は？")
    for _ in range(2):
        owner.post(f"{PAGE}{question_id}/answer", {"text": "無料です"})
    assert "この質問には、すでに対応済みです。" in owner.get(PAGE).text
    with owner.services.database.reading() as session:
        assert len(session.scalars(select(Delivery)).all()) == 1
        assert len(session.scalars(select(MessageVersion)).all()) == 1


def test_while_another_question_is_open_a_person_keeps_the_conversation(owner: Visitor) -> None:
    friend_id, question_id = asks(owner, "送料は？")
    asks(owner, "色は？", friend_id)
    owner.post(f"{PAGE}{question_id}/answer", {"text": "無料です"})
    with owner.services.database.reading() as session:
        assert session.get_one(ChatState, friend_id).with_person_since is not None


@pytest.mark.parametrize(
    ("text", "blocked", "words"),
    [
        ("   ", False, "お返事を入力してください。"),
        ("あ" * 5001, False, "お返事は5000文字までです（現在5001文字）。"),
        ("大切なお返事", True, "この友だちにはお送りできません: ブロックされています"),
    ],
)
def test_what_cannot_be_sent_is_told_and_the_question_stays_open(
    owner: Visitor, text: str, blocked: bool, words: str
) -> None:
    friend_id, question_id = asks(owner, "送料は？")
    if blocked:
        with owner.services.database.begin() as session:
            session.get_one(Friend, friend_id).blocked_at = days_ago(1)
    answer = owner.post(f"{PAGE}{question_id}/answer", {"text": text})
    assert answer.status_code == 422
    assert words in answer.text
    assert text.strip() in answer.text
    with owner.services.database.reading() as session:
        assert session.get_one(Question, question_id).answered_at is None
        assert session.scalars(select(Delivery)).all() == []


def test_an_answer_that_failed_shows_why(owner: Visitor) -> None:
    _friend_id, question_id = asks(owner, "送料は？")
    owner.post(f"{PAGE}{question_id}/answer", {"text": "無料です"})
    with owner.services.database.begin() as session:
        delivery = session.scalars(select(Delivery)).one()
        delivery.state, delivery.reason = DeliveryState.SKIPPED, "blocked"
    page = owner.get(PAGE).text
    assert "見送り" in page
    assert "ブロックされています" in page


def test_a_question_that_does_not_exist_is_not_found(owner: Visitor) -> None:
    assert owner.post(f"{PAGE}9/answer", {"text": "a"}).status_code == 404
