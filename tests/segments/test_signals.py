"""Answers, events, complaints: each is news, a fact, and a reason to look at the friend again."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from segments import contacts, conversations, facts, members, signals, surveys
from segments.db import Database
from segments.errors import Invalid, NotFound
from segments.models import CustomerEvent, EventKind, Facts, Friend, SurveyAnswer, Touched
from tests.builders import a_friend, a_purchase, a_watched_segment, days_ago
from tests.fakes.clock import A_SATURDAY as NOW

SIGNALS = ("answer_count", "event_count", "complaint_count", "complained_at", "inquired_at", "points")


def kept(session: Session, friend: Friend) -> Facts:
    return session.get_one(Facts, friend.id, populate_existing=True)


def kinds(session: Session, friend: Friend) -> list[EventKind]:
    own = CustomerEvent.friend_id == friend.id, CustomerEvent.kind != EventKind.STAGE_CHANGED
    return list(session.scalars(select(CustomerEvent.kind).where(*own).order_by(CustomerEvent.id)))


def is_touched(session: Session, friend: Friend) -> bool:
    found = session.scalar(select(func.count()).where(Touched.friend_id == friend.id))
    session.execute(delete(Touched))
    return bool(found)


def test_an_answer_is_kept_counted_told_and_makes_a_prospect(database: Database) -> None:
    with database.begin() as session:
        a_watched_segment(session)
        friend = a_friend(session)
        assert surveys.answer(session, friend.id, "きっかけ", "お店で見て", NOW) is not None
        known = kept(session, friend)
        assert (known.answer_count, known.inquired_at, known.stage) == (1, NOW, "prospect")
        told = session.scalars(select(CustomerEvent).where(CustomerEvent.kind == EventKind.ANSWERED)).one()
        assert (told.payload["question"], told.payload["answer"]) == ("きっかけ", "お店で見て")
        assert is_touched(session, friend)


def test_every_answer_stays_and_the_latest_counts(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        surveys.answer(session, friend.id, "満足度", "5", NOW)
        # A letter that was long under way: said before, heard after.
        surveys.answer(session, friend.id, "満足度", "2", days_ago(3), now=NOW)
        surveys.answer(session, friend.id, "色", "赤", NOW)
        assert {name: each.answer for name, each in surveys.latest(session, friend.id).items()} == {
            "満足度": "5",
            "色": "赤",
        }
        assert session.scalar(select(func.count()).select_from(SurveyAnswer)) == 3
        known = kept(session, friend)
        assert (known.answer_count, known.inquired_at) == (3, days_ago(3))


def test_the_same_button_tapped_again_is_one_answer_until_tomorrow(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        for hours, counts in ((0, True), (1, False), (25, True)):
            at = NOW + timedelta(hours=hours)
            assert (surveys.answer(session, friend.id, "満足度", "5", at) is not None) == counts
        assert kept(session, friend).answer_count == 2


@pytest.mark.parametrize(
    ("question", "said"),
    [("", "5"), ("  ", "5"), ("q" * 65, "5"), ("a\nb", "5"), ("q", " "), ("q", "あ" * 2001)],
)
def test_what_is_no_answer_is_refused(sqlite: Database, question: str, said: str) -> None:
    with sqlite.begin() as session, pytest.raises(Invalid, match="survey_"):
        surveys.answer(session, a_friend(session).id, question, said, NOW)


def test_an_answer_in_own_words_goes_when_the_message_is_taken_back(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        message = conversations.heard(
            session, friend, kind="text", text="秘密", content=None, line_message_id="m1", at=NOW
        )
        surveys.answer(session, friend.id, "ご意見", "秘密", NOW, message_id=message.id)
        surveys.answer(session, friend.id, "色", "赤", NOW)
        told = session.scalars(select(CustomerEvent.payload)).all()
        assert "秘密" not in str(told)
        assert conversations.unsend(session, "m1", NOW)
        answers = session.scalars(select(SurveyAnswer.answer).order_by(SurveyAnswer.id)).all()
        assert answers == ["", "赤"]
        assert kept(session, friend).answer_count == 2


def test_an_event_joined_is_counted_once_for_each_reference(database: Database) -> None:
    with database.begin() as session:
        a_watched_segment(session)
        friend, other = a_friend(session), a_friend(session)
        assert signals.join_event(session, friend.id, "お茶会", NOW, reference="7")
        assert not signals.join_event(session, friend.id, "お茶会", NOW, reference="7")
        assert signals.join_event(session, other.id, "お茶会", NOW, reference="7")
        assert signals.join_event(session, friend.id, "お茶会", NOW)
        assert signals.join_event(session, friend.id, "お茶会", NOW)
        assert (kept(session, friend).event_count, kept(session, other).event_count) == (3, 1)
        assert is_touched(session, friend)


def test_the_same_event_told_twice_at_once_counts_once(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
    news: list[bool] = []

    def tell() -> None:
        with database.begin() as session:
            news.append(signals.join_event(session, friend.id, "お茶会", NOW, reference="7"))

    threads = [Thread(target=tell) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    with database.begin() as session:
        assert (sorted(news), kept(session, friend).event_count) == ([False, False, False, True], 1)


def test_a_complaint_counts_until_it_is_withdrawn_and_stays_in_the_timeline(database: Database) -> None:
    with database.begin() as session:
        a_watched_segment(session)
        friend = a_friend(session)
        signals.complain(session, friend.id, days_ago(5), reference="1", now=NOW)
        signals.complain(session, friend.id, days_ago(2), reference="2", now=NOW, question_id=3)
        known = kept(session, friend)
        assert (known.complaint_count, known.complained_at) == (2, days_ago(2))
        mistaken = session.scalars(select(CustomerEvent.id).order_by(CustomerEvent.id.desc()).limit(1)).one()
        is_touched(session, friend)
        assert signals.withdraw_complaint(session, mistaken, "operator:1", NOW)
        assert not signals.withdraw_complaint(session, mistaken, "operator:1", NOW)
        known = kept(session, friend)
        assert (known.complaint_count, known.complained_at) == (1, days_ago(5))
        assert kinds(session, friend) == [EventKind.COMPLAINED, EventKind.COMPLAINT_WITHDRAWN]
        assert is_touched(session, friend)
        assert not signals.complain(session, friend.id, NOW, reference="2")
        with pytest.raises(NotFound, match="complaint_unknown"):
            signals.withdraw_complaint(session, 999_999, "operator:1", NOW)


def test_writing_and_tapping_touch_the_friend(database: Database) -> None:
    with database.begin() as session:
        a_watched_segment(session)
        friend = a_friend(session)
        signals.wrote(session, friend.id, NOW)
        assert is_touched(session, friend)
        signals.tapped(session, friend.id, days_ago(1))
        known = kept(session, friend)
        assert (known.message_count, known.tap_count, known.last_reaction_at) == (1, 1, NOW)


def test_signals_come_out_of_a_rebuild_as_they_were_kept(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        surveys.answer(session, friend.id, "色", "赤", days_ago(4), now=NOW)
        signals.join_event(session, friend.id, "お茶会", days_ago(3), now=NOW)
        signals.complain(session, friend.id, days_ago(3), now=NOW)
        before = {name: getattr(kept(session, friend), name) for name in SIGNALS}
        facts.rebuild(session, friend.id, NOW)
        assert {name: getattr(kept(session, friend), name) for name in SIGNALS} == before


def test_two_rows_that_become_one_bring_their_answers_taps_and_news_together(database: Database) -> None:
    with database.begin() as session:
        imported = a_friend(session, line_user_id=None, member_number="7")
        friend = a_friend(session)
        surveys.answer(session, imported.id, "色", "赤", days_ago(2), now=NOW)
        surveys.answer(session, friend.id, "色", "青", days_ago(1), now=NOW)
        signals.join_event(session, imported.id, "お茶会", NOW)
        code = members.issue_link_code(session, "7", NOW)
        members.link(session, friend, code, NOW)
        assert surveys.latest(session, friend.id)["色"].answer == "青"
        known = kept(session, friend)
        assert (known.answer_count, known.event_count) == (2, 1)


def test_unlinking_leaves_what_the_friend_said_with_them(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        a_purchase(session, friend, friend_id=None, member_number="7")
        members.link(session, friend, members.issue_link_code(session, "7", NOW), NOW)
        surveys.answer(session, friend.id, "色", "赤", NOW)
        members.unlink(session, friend, NOW)
        known = kept(session, friend)
        assert (known.answer_count, known.purchase_count) == (1, 0)


def test_the_last_contact_only_moves_forward(database: Database) -> None:
    with database.begin() as session:
        a_watched_segment(session)
        first, second = a_friend(session), a_friend(session)
        contacts.contacted(session, [second.id, first.id], days_ago(1))
        assert is_touched(session, first)
        contacts.contacted(session, [first.id], days_ago(2))
        assert not is_touched(session, first)
        contacts.contacted(session, [second.id], NOW)
        contacts.contacted(session, [], NOW)
        assert [kept(session, each).last_contacted_at for each in (first, second)] == [days_ago(1), NOW]


def test_contacts_and_learning_of_the_same_friends_at_once_wait_for_each_other_in_turn(
    database: Database,
) -> None:
    with database.begin() as session:
        friends = [a_friend(session).id for _ in range(40)]
    failed: list[BaseException] = []

    def work(task: Callable[[Session], None]) -> None:
        try:
            for _ in range(5):
                with database.begin() as session:
                    task(session)
        except Exception as error:  # noqa: BLE001 — told by the assertion below
            failed.append(error)

    tasks: list[Callable[[Session], None]] = [
        lambda session: contacts.contacted(session, friends[::-1], NOW),
        lambda session: contacts.contacted(session, friends, NOW + timedelta(days=1)),
        lambda session: facts.learn_purchases_many(session, friends[::-1], NOW),
    ]
    threads = [Thread(target=work, args=(task,)) for task in tasks]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failed == []
