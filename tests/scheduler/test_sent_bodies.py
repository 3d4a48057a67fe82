"""What a friend was sent, each time: by every way that a message leaves."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from scheduler import replies_of_many
from scheduler.delivery import send_chunk
from scheduler.gateway import RefusedByLine
from scheduler.models import Chunk, ChunkMode, Delivery, DeliveryState
from scheduler.plan import plan_broadcast
from scheduler.replies_of_many import NewReply
from scheduler.sent_bodies import SentBody, sent_body
from segments.db import Database
from segments.errors import NotFound
from segments.models import Friend
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW
from tests.scheduler.broadcast_drafts import HELLO, PERSONAL, a_draft, send, some_friends
from tests.scheduler.lost_messages import LostMessages, again, arrived, steps

BOTH = pytest.mark.parametrize(
    ("content", "way"), [(HELLO, ChunkMode.MULTICAST), (PERSONAL, ChunkMode.PUSH)], ids=["multicast", "push"]
)


def told(database: Database) -> list[SentBody]:
    """Return what every delivery said."""
    with database.reading() as session:
        ids = session.scalars(select(Delivery.id).order_by(Delivery.id)).all()
        return [sent_body(session, each) for each in ids]


def friends(database: Database) -> list[Friend]:
    """Return all friends."""
    with database.reading() as session:
        return list(session.scalars(select(Friend).order_by(Friend.id)))


def words(body: SentBody) -> list[list[str]]:
    """Return the texts of each try."""
    return [[each["text"] for each in one.messages] for one in body.tries]


def begun(lost: LostMessages, content: dict[str, Any]) -> None:
    """Plan a broadcast to two friends, and run its chunks once."""
    some_friends(lost.database, 2)
    broadcast = a_draft(lost.dispatcher, content)
    send(lost.dispatcher, broadcast)
    plan_broadcast(lost.database, lost.queue, lost.clock, broadcast)
    with lost.database.reading() as session:
        chunks = session.scalars(select(Chunk.id)).all()
    for each in chunks:
        send_chunk(lost.dispatcher, each)


@BOTH
def test_what_was_accepted_is_told_as_it_left(
    lost: LostMessages, content: dict[str, Any], way: ChunkMode
) -> None:
    begun(lost, content)
    bodies = told(lost.database)
    sent = [lost.gateway.sent_to(each.line_user_id or "") for each in friends(lost.database)]
    assert [words(body) for body in bodies] == [[texts] for texts in sent]
    assert {(each.way, each.is_accepted, each.at) for body in bodies for each in body.tries} == {
        (way, True, NOW)
    }
    assert all(body.request_ids for body in bodies)
    assert {(body.broadcast, body.scenario) for body in bodies} == {("秋のお知らせ", None)}


@BOTH
def test_while_nobody_knows_it_may_have_arrived_and_says_when_it_began(
    lost: LostMessages, content: dict[str, Any], way: ChunkMode
) -> None:
    lost.gateway.lose_answer("multicast" if content is HELLO else "push", 2)
    begun(lost, content)
    lost.clock.advance(timedelta(hours=3))
    (one,) = {
        (len(body.tries), body.tries[0].is_accepted, body.tries[0].at, body.tries[0].way)
        for body in told(lost.database)
    }
    assert one == (1, False, NOW, way)


@BOTH
def test_one_that_was_sent_again_tells_both_tries(
    lost: LostMessages, content: dict[str, Any], way: ChunkMode
) -> None:
    lost.broadcast(1, content)
    again(lost)
    (waiting,) = told(lost.database)
    assert [each.is_accepted for each in waiting.tries] == [False]
    lost.go_on()
    (body,) = told(lost.database)
    assert [(each.is_accepted, each.at) for each in body.tries] == [
        (False, NOW),
        (True, NOW + timedelta(days=1)),
    ]
    first, second = words(body)
    assert first == second == lost.gateway.sent_to(friends(lost.database)[0].line_user_id or "")[:1]
    assert body.tries[0].way is way


def test_one_taken_as_arrived_is_not_said_to_have_been_accepted(lost: LostMessages) -> None:
    lost.broadcast(1, PERSONAL)
    arrived(lost)
    (body,) = told(lost.database)
    assert [(each.is_accepted, each.at) for each in body.tries] == [(False, NOW)]


def test_of_a_push_that_carried_several_each_tells_its_own(lost: LostMessages) -> None:
    friend = steps(lost, "お元気ですか", "お変わりありませんか")
    lost.due()
    bodies = told(lost.database)
    assert [words(body) for body in bodies] == [[["お元気ですか"]], [["お変わりありませんか"]]]
    assert lost.gateway.sent_to(friend) == ["お元気ですか", "お変わりありませんか"]


def test_what_line_refused_never_reached_the_friend(lost: LostMessages) -> None:
    lost.gateway.fail("push", RefusedByLine("no", status=400), 2)
    begun(lost, PERSONAL)
    bodies = told(lost.database)
    assert {body.delivery.state for body in bodies} == {DeliveryState.FAILED}
    assert [body.tries for body in bodies] == [[], []]


def test_a_reply_whose_token_was_dead_never_left(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        words = [{"type": "text", "text": "never"}]
        reply = NewReply(friend.id, words, "token", hopeless="reply_token_expired")
        replies_of_many.write(session, [reply], NOW)
    (body,) = told(database)
    assert body.delivery.state is DeliveryState.FAILED
    assert not body.tries


def test_what_has_not_left_says_nothing(lost: LostMessages) -> None:
    steps(lost, "お元気ですか")
    (body,) = told(lost.database)
    assert not body.tries
    assert not body.request_ids


def test_one_that_nobody_was_sent_is_not_found(sqlite: Database) -> None:
    with sqlite.reading() as session, pytest.raises(NotFound):
        sent_body(session, 999)
