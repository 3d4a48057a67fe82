"""What friends do in the chat: they answer surveys, and ask for their points."""

from datetime import timedelta

import pytest

from segments import point_policy, points, shop
from segments.db import Database
from segments.models import ChatMessage, CustomerEvent, Direction, EventKind, Facts, SurveyAnswer
from segments.point_policy import PointPolicy
from segments.shop import Shop
from tests.bot.line.support import Chat, a_line_id, a_text, an_event
from tests.fakes.clock import FakeClock


@pytest.fixture
def chat(database: Database, clock: FakeClock) -> Chat:
    """Return the chat of a shop."""
    with database.begin() as session:
        shop.save(session, Shop(name="見本の店"), clock.now())
    return Chat(database, clock)


@pytest.fixture
def friend(chat: Chat) -> str:
    """Return the id of a friend who has just followed."""
    made = a_line_id()
    chat.follow(made)
    return made


def answers(chat: Chat) -> list[tuple[str, str]]:
    return [(row.question, row.answer) for row in chat.rows(SurveyAnswer)]


def facts(chat: Chat, friend: str) -> Facts:
    with chat.database.reading() as session:
        return session.get_one(Facts, chat.friend(friend).id)


def test_a_button_answers_and_is_thanked(chat: Chat, friend: str) -> None:
    said = chat.tap(friend, "action=answer&question=満足度&answer=とても満足")
    assert "ありがとうございます" in said[0]
    assert "「とても満足」" in said[0]
    assert answers(chat) == [("満足度", "とても満足")]
    known = facts(chat, friend)
    assert (known.answer_count, known.tap_count, known.stage) == (1, 1, "prospect")
    spoken = [row.text for row in chat.rows(ChatMessage) if row.direction is Direction.IN]
    assert spoken == ["とても満足"]
    assert chat.questions() == []


def test_quoted_data_is_read_as_it_was_meant(chat: Chat, friend: str) -> None:
    chat.tap(friend, "action=answer&question=q%261&answer=%E8%B5%A4%20%26%20%E9%9D%92")
    assert answers(chat) == [("q&1", "赤 & 青")]


def test_an_english_speaker_is_thanked_in_english(chat: Chat, friend: str) -> None:
    chat.write(friend, "english")
    assert chat.tap(friend, "action=answer&question=color&answer=red")[0].startswith("Thank you")


def test_the_same_button_again_is_thanked_and_counted_once(chat: Chat, friend: str) -> None:
    for _ in range(2):
        assert chat.tap(friend, "action=answer&question=満足度&answer=5")
    assert chat.tap(friend, "action=answer&question=満足度&answer=1")
    assert answers(chat) == [("満足度", "5"), ("満足度", "1")]


def test_a_friends_own_words_are_an_answer_and_reach_a_person(chat: Chat, friend: str) -> None:
    assert "お書きください" in chat.tap(friend, "action=answer&question=ご意見")[0]
    assert "拝読" in chat.write(friend, "包装がきれいでした")[0]
    assert answers(chat) == [("ご意見", "包装がきれいでした")]
    assert chat.questions() == ["包装がきれいでした"]
    assert "スタッフ" in chat.write(friend, "もう一つ聞きたいことがあります")[0]
    assert len(answers(chat)) == 1


def test_keywords_and_late_texts_are_no_answers(chat: Chat, friend: str) -> None:
    chat.tap(friend, "action=answer&question=ご意見")
    chat.write(friend, "クーポン")
    chat.write(friend, "これは質問です")
    chat.tap(friend, "action=answer&question=ご意見")
    chat.clock.advance(timedelta(minutes=61))
    chat.write(friend, "遅れて書きました")
    assert answers(chat) == []


def test_words_that_are_taken_back_are_forgotten_as_an_answer_too(chat: Chat, friend: str) -> None:
    chat.tap(friend, "action=answer&question=ご意見")
    event = a_text(friend, "ひみつ", chat.clock.now())
    chat.receive(event)
    assert answers(chat) == [("ご意見", "ひみつ")]
    chat.receive(an_event("unsend", friend, chat.clock.now(), unsend={"messageId": event["message"]["id"]}))
    assert answers(chat) == [("ご意見", "")]
    assert "ひみつ" not in str([row.payload for row in chat.rows(CustomerEvent)])


@pytest.mark.parametrize(
    "data",
    [
        *("action=answer", "action=answer&answer=5", "action=answer&question=" + "q" * 65),
        *("action=answer&question=a%0Ab", "action=answer&question=a%0Ab&answer=5"),
    ],
)
def test_a_button_without_a_question_goes_to_a_person(chat: Chat, friend: str, data: str) -> None:
    assert "スタッフ" in chat.tap(friend, data)[0]
    assert (answers(chat), len(chat.questions())) == ([], 1)


def test_the_buttons_of_the_satisfaction_message_still_work(chat: Chat, friend: str) -> None:
    assert chat.tap(friend, "action=satisfied&order=A-1")
    assert EventKind.SATISFIED in [event.kind for event in chat.rows(CustomerEvent)]


def test_where_no_points_are_given_the_word_goes_to_a_person(chat: Chat, friend: str) -> None:
    assert "スタッフ" in chat.write(friend, "ポイント")[0]
    assert chat.questions() == ["ポイント"]


@pytest.mark.parametrize("asked", ["ポイント", "ﾎﾟｲﾝﾄ", "ポイント残高を教えてください", "Points"])
def test_whoever_asks_is_told_balance_and_what_goes_next(chat: Chat, friend: str, asked: str) -> None:
    now = chat.clock.now()
    with chat.database.begin() as session:
        point_policy.save(session, PointPolicy(100, 365), "test", now)
    assert "ございません" in chat.write(friend, asked)[0]
    friend_id = chat.friend(friend).id
    with chat.database.begin() as session:
        points.adjust(session, friend_id, 1200, "test", "test", now)
        points.adjust(session, friend_id, -200, "test2", "test", now)
    (said,) = chat.write(friend, asked)
    assert said == (
        "現在のポイントは1,000ポイントです。\n"
        "このうち1,000ポイントは、2027年11月21日（日） 14:30までお使いいただけます。"
    )
    chat.write(friend, "english")
    assert "1,000 point(s)" in chat.write(friend, asked)[0]
    assert "You have" in chat.tap(friend, "action=points")[0]
