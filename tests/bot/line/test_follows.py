"""Many friends who follow at once are taken up together: as one by one, only faster, and nobody's trouble is another's."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any, cast

import pytest
from sqlalchemy import event, select, update

from bot.line import lanes
from bot.line.inbox import HANDS, LANES, OLDEST_EVERY
from bot.line.outbox import EXPIRED, HASTE, TOKEN_LIFE
from bot.line.ports import Answer
from bot.line.profiles import Profiles
from bot.models import ChatState, InboundEvent, InboundState
from scheduler import library
from scheduler.gateway import Accepted, GatewayError, Profile
from scheduler.models import Delivery, DeliveryBody, DeliveryState, MessageVersion
from segments import friends
from segments.db import Database
from segments.models import CustomerEvent, EventKind, Facts, Friend, StageChange, Touched
from tests.bot.line.support import Chat, Event, a_line_id, a_text, an_event
from tests.builders import a_watched_segment
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway
from tests.waiting import wait_until


@pytest.fixture
def chat(database: Database, clock: FakeClock) -> Chat:
    """Return a chat."""
    return Chat(database, clock)


def follows(people: Sequence[str]) -> list[Event]:
    """Return the follow of each, a millisecond apart, a minute ago."""
    begun = A_SATURDAY - timedelta(seconds=1)
    return [
        an_event("follow", friend, begun + timedelta(milliseconds=number), follow={"isUnblocked": False})
        for number, friend in enumerate(people)
    ]


def what_is_known(chat: Chat, people: Sequence[str]) -> list[Any]:
    """Return everything that follows left behind, friend by friend, without numbers that differ anyway."""
    with chat.database.reading() as session:
        found: list[Any] = []
        for person in people:
            friend = session.scalars(select(Friend).where(Friend.line_user_id == person)).one()
            mine = friend.id
            facts = session.get_one(Facts, mine)
            news = select(CustomerEvent.kind).where(CustomerEvent.friend_id == mine)
            moves = select(StageChange.ladder, StageChange.to_stage, StageChange.reason, StageChange.at)
            sent = select(
                Delivery.kind,
                Delivery.purpose,
                Delivery.state,
                Delivery.created_at,
                Delivery.first_attempt_at,
                Delivery.ended_at,
                Delivery.message_version_id.is_not(None),
                DeliveryBody.reply_token,
            ).join(DeliveryBody)
            found.append(
                [
                    (friend.display_name, friend.searched, friend.language, friend.picture_url),
                    (friend.blocked_at, friend.profile_fetched_at, friend.created_at),
                    friend.followed_at == friend.follow_state_at,
                    (
                        facts.stage,
                        facts.stage_since,
                        facts.stage_reason,
                        facts.customer_class,
                        facts.review_at,
                    ),
                    session.scalars(news.order_by(CustomerEvent.id)).all(),
                    session.execute(
                        moves.where(StageChange.friend_id == mine).order_by(StageChange.id)
                    ).all(),
                    session.execute(sent.where(Delivery.friend_id == mine)).all(),
                    chat.gateway.sent_to(person),
                ]
            )
        return found


def test_together_leaves_behind_what_one_by_one_leaves(chat: Chat):
    people, others = [[a_line_id() for _ in range(7)] for _ in range(2)]
    for known in (people, others):
        chat.gateway.profiles_known[known[0]] = Profile("Ann", "https://example.com/a.jpg", "en-US")
        for place in range(1, 7):
            chat.gateway.profiles_known[known[place]] = Profile(f"花子{place}", None, "ja")
    chat.receive(*follows(people))
    for each in follows(others):
        chat.receive(each)
    assert what_is_known(chat, people) == what_is_known(chat, others)
    assert [kind for kind, *_rest in chat.gateway.calls].count("profile") == 14


def test_a_follow_of_many_costs_less_than_a_statement(chat: Chat):
    people = [a_line_id() for _ in range(100)]
    chat.store(*follows(people))
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(chat.database.engine, "before_cursor_execute", note)
    chat.work()
    assert all(len(chat.gateway.sent_to(friend)) == 1 for friend in people)
    assert len(statements) < 70


def test_new_friends_friends_who_come_back_and_old_news_in_one_batch(chat: Chat):
    new, imported, back, old, unblocked = [a_line_id() for _ in range(5)]
    with chat.database.begin() as session:
        friends.ensure(session, imported, A_SATURDAY - timedelta(days=9))
    for each in (back, old):
        chat.receive(an_event("follow", each, A_SATURDAY - timedelta(days=3)))
    chat.receive(an_event("unfollow", back, A_SATURDAY - timedelta(days=2)))
    before = {friend: len(chat.gateway.sent_to(friend)) for friend in (back, old)}
    unblocks = an_event("follow", unblocked, A_SATURDAY, follow={"isUnblocked": True})
    late = an_event("follow", old, A_SATURDAY - timedelta(days=4))
    chat.receive(*follows([new, imported, back]), late, unblocks)
    assert "おかえり" not in chat.gateway.sent_to(new)[0]
    assert "おかえり" not in chat.gateway.sent_to(imported)[0]
    assert "おかえり" in chat.gateway.sent_to(back)[before[back]]
    assert "おかえり" in chat.gateway.sent_to(unblocked)[0]
    assert len(chat.gateway.sent_to(old)) == before[old]
    assert chat.friend(back).blocked_at is None
    assert chat.friend(old).follow_state_at == A_SATURDAY - timedelta(days=3)
    assert {row.state for row in chat.rows(InboundEvent)} == {InboundState.DONE}


def nobody_can_introduce(friend: str, gateway: FakeGateway) -> None:
    """Have LINE tell of a friend what no program could keep."""
    gateway.profiles_known[friend] = Profile("花子", None, cast("Any", 5))


@pytest.mark.parametrize("sick", [0, 3, 10])
def test_one_whose_follow_fails_costs_nobody_else_theirs(chat: Chat, sick: int):
    people = [a_line_id() for _ in range(11)]
    nobody_can_introduce(people[sick], chat.gateway)
    chat.receive(*follows(people))
    greeted = [len(chat.gateway.sent_to(friend)) for friend in people]
    assert greeted == [int(place != sick) for place in range(11)]
    named = {friend.line_user_id: friend.display_name for friend in chat.rows(Friend)}
    assert len(named) == 10
    assert all(named.values())
    (waiting,) = [event for event in chat.rows(InboundEvent) if event.state is InboundState.PENDING]
    assert (waiting.line_user_id, waiting.attempts) == (people[sick], 1)
    chat.gateway.profiles_known[people[sick]] = Profile("花子", None, "ja")
    chat.clock.advance(lanes.WAITS[0])
    chat.work()
    assert "花子様" in chat.gateway.sent_to(people[sick])[0]
    assert [len(chat.gateway.sent_to(friend)) for friend in people] == [1] * 11


def test_all_that_fail_are_each_tried_again_and_no_trace_is_left(chat: Chat):
    people = [a_line_id() for _ in range(5)]
    for friend in people:
        nobody_can_introduce(friend, chat.gateway)
    chat.receive(*follows(people))
    assert [event.attempts for event in chat.rows(InboundEvent)] == [1] * 5
    assert (chat.rows(Friend), chat.rows(CustomerEvent), chat.rows(Delivery)) == ([], [], [])


def test_a_state_that_was_remembered_before_a_failure_is_still_known(chat: Chat):
    friend, other = a_line_id(), a_line_id()
    chat.receive(an_event("follow", friend, A_SATURDAY - timedelta(days=2)))
    chat.write(friend, "English")
    assert chat.rows(ChatState)[0].language_chosen
    chat.receive(an_event("unfollow", friend, A_SATURDAY - timedelta(days=1)))
    with chat.database.begin() as session:
        session.execute(update(Friend).values(profile_fetched_at=None))
    nobody_can_introduce(other, chat.gateway)
    chat.gateway.profiles_known[friend] = Profile("花子", None, "ja")
    chat.receive(*follows([friend, other]))
    assert chat.friend(friend).language == "en"


def test_what_a_friend_did_next_waits_for_its_turn_behind_the_follow(chat: Chat):
    people = [a_line_id() for _ in range(3)]
    writer = people[1]
    chat.receive(a_text(writer, "クーポン", A_SATURDAY), *follows(people))
    with chat.database.reading() as session:
        news = session.execute(
            select(CustomerEvent.kind)
            .join(Friend, Friend.id == CustomerEvent.friend_id)
            .where(Friend.line_user_id == writer)
            .order_by(CustomerEvent.id)
        ).scalars()
        assert next(iter(news)) is EventKind.FOLLOWED
    assert [len(chat.gateway.sent_to(friend)) for friend in people] == [1, 2, 1]


def test_watched_segments_hear_of_everybody_who_came(chat: Chat):
    people = [a_line_id() for _ in range(4)]
    with chat.database.begin() as session:
        a_watched_segment(session)
    nobody_can_introduce(people[2], chat.gateway)
    chat.receive(*follows(people))
    assert {row.friend_id for row in chat.rows(Touched)} == {row.id for row in chat.rows(Friend)}
    assert len(chat.rows(Friend)) == 3


def test_a_greeting_with_a_mistake_in_it_leaves_nobody_without(chat: Chat):
    with chat.database.begin() as session:
        library.install(session, A_SATURDAY)
        version = library.message(session, "greeting")
        mistaken = {"ja": [{"type": "text", "text": "{{ no_such_fact }}"}]}
        new = MessageVersion(
            message_id=version.message_id, version=2, content=mistaken, created_at=A_SATURDAY
        )
        session.add(new)
    people = [a_line_id() for _ in range(3)]
    chat.receive(*follows(people))
    assert all("友だち追加ありがとうございます" in chat.gateway.sent_to(friend)[0] for friend in people)
    assert [row.message_version_id for row in chat.rows(Delivery)] == [None] * 3


def test_greetings_that_come_too_late_are_not_sent_and_say_so(chat: Chat):
    people = [a_line_id() for _ in range(3)]
    chat.store(*follows(people))
    chat.clock.advance(TOKEN_LIFE + timedelta(seconds=1))
    chat.work()
    assert [(row.state, row.reason) for row in chat.rows(Delivery)] == [(DeliveryState.FAILED, EXPIRED)] * 3
    assert [row.reply_token for row in chat.rows(DeliveryBody)] == [None] * 3
    assert all(friend.followed_at for friend in chat.rows(Friend))


def test_whoever_an_answer_still_reaches_goes_first_and_the_others_are_not_forgotten(chat: Chat):
    late, hopeful = [a_line_id() for _ in range(12)], [a_line_id() for _ in range(12)]
    chat.store(*follows(late))
    chat.clock.advance(TOKEN_LIFE)
    chat.store(*[a_text(friend, "クーポン", chat.clock.now()) for friend in hopeful])
    for _ in range(OLDEST_EVERY - 1):
        assert chat.inbox.run_once(limit=1) == 1
    assert [len(chat.gateway.sent_to(friend)) for friend in hopeful] == [1] * 4 + [0] * 8
    assert chat.inbox.run_once(limit=1) == 1
    assert [row.line_user_id for row in chat.rows(Friend) if row.followed_at] == late[:1]
    chat.work()
    assert {row.state for row in chat.rows(InboundEvent)} == {InboundState.DONE}


def test_while_there_is_time_who_waited_longest_goes_first(chat: Chat):
    first, second = a_line_id(), a_line_id()
    chat.store(a_text(first, "クーポン", A_SATURDAY))
    chat.clock.advance(TOKEN_LIFE - HASTE)
    chat.store(a_text(second, "クーポン", A_SATURDAY))
    chat.inbox.run_once(limit=1)
    assert (len(chat.gateway.sent_to(first)), len(chat.gateway.sent_to(second))) == (1, 0)


def test_a_profile_that_was_not_used_is_not_asked_for_again(database: Database, clock: FakeClock):
    gateway = FakeGateway()
    profiles = Profiles(gateway)
    asked = profiles.of(["U1", "U2"], clock.now())
    profiles.keep({"U2": asked["U2"]})
    assert profiles.of(["U2", "U3"], clock.now()).keys() == {"U2", "U3"}
    assert [given for kind, given in gateway.calls if kind == "profile"] == ["U1", "U2", "U3"]


class MeetingGateway(FakeGateway):
    """Holds a batch's replies back until those of another batch are on their way too."""

    def __init__(self) -> None:
        super().__init__()
        self.met = 0
        self._together = Barrier(HANDS)

    def reply_many(self, answers: Sequence[Answer]) -> list[Accepted | GatewayError]:
        """Wait for another thread, then reply."""
        with suppress(BrokenBarrierError):
            self._together.wait(timeout=20)
            self.met += 1
        return super().reply_many(answers)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_a_batch_is_handled_while_the_replies_of_another_are_on_their_way(
    database: Database, clock: FakeClock
):
    gateway = MeetingGateway()
    chat = Chat(database, clock, gateway)
    people = [a_line_id() for _ in range(HANDS * LANES)]
    chat.store(*follows(people))
    chat.inbox.start()
    wait_until(lambda: all(gateway.sent_to(friend) for friend in people))
    chat.inbox.stop()
    assert gateway.met >= HANDS
    assert [len(gateway.sent_to(friend)) for friend in people] == [1] * len(people)
