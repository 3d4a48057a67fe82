"""What nobody knows the end of: taken as arrived, or sent again, by one person's word and once for it."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import chunks, uncertain
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Delivery,
)
from segments.errors import Conflict
from segments.models import Facts
from tests.aside import Aside
from tests.scheduler.broadcast_drafts import HELLO, PERSONAL
from tests.scheduler.lost_messages import (
    ACCEPTED,
    ARRIVED,
    UNCERTAIN,
    LostMessages,
    again,
    arrived,
    campaign,
    counted,
    steps,
)

BOTH = pytest.mark.parametrize("content", [HELLO, PERSONAL], ids=["multicast", "push"])


@BOTH
def test_what_is_sent_again_leaves_once_under_a_key_of_its_own_and_counts_as_a_second_message(
    lost: LostMessages, content: dict[str, Any]
) -> None:
    friends = lost.broadcast(2, content)
    lost.go_on()
    assert (lost.states(), campaign(lost)) == ([UNCERTAIN] * 2, BroadcastState.DONE)
    assert counted(lost) == (2, 2)
    assert again(lost) == 2
    assert campaign(lost) is BroadcastState.SENDING
    assert counted(lost) == (2, 2)
    lost.go_on()
    # Under the first key LINE would have answered that it has them, and sent nothing.
    assert lost.got(friends) == [2, 2]
    assert (lost.states(), campaign(lost)) == ([ACCEPTED] * 2, BroadcastState.DONE)
    assert counted(lost) == (4, 4)
    lost.go_on()
    assert lost.got(friends) == [2, 2]


def test_a_lost_answer_to_the_second_try_is_resolved_by_its_own_key(lost: LostMessages) -> None:
    friends = lost.broadcast()
    again(lost)
    lost.gateway.lose_answer("push")
    lost.go_on()
    assert (lost.got(friends), lost.states()) == ([2], [ACCEPTED])


@BOTH
def test_a_second_click_changes_nothing(lost: LostMessages, content: dict[str, Any]) -> None:
    friends = lost.broadcast(2, content)
    seen = lost.seen()
    again(lost, seen)
    for second in (again, arrived):
        with pytest.raises(Conflict, match="uncertain_decided"):
            second(lost, seen)
    lost.go_on()
    for second in (again, arrived):
        with pytest.raises(Conflict, match="uncertain_decided"):
            second(lost, seen)
    assert lost.got(friends) == [2, 2]


def test_of_several_those_that_somebody_decided_meanwhile_stay_as_they_are(lost: LostMessages) -> None:
    friends = lost.broadcast(2)
    seen = lost.seen()
    first, second = seen
    assert arrived(lost, {first: 0}) == 1
    assert again(lost, seen) == 1
    lost.go_on()
    assert (lost.got(friends), lost.states()) == ([1, 2], [ARRIVED, ACCEPTED])
    assert list(seen) == [first, second]


def test_a_page_from_before_does_not_decide_what_got_lost_once_more(lost: LostMessages) -> None:
    friends = lost.broadcast()
    old = lost.seen()
    again(lost, old)
    lost.due()
    assert lost.states() == [UNCERTAIN]
    for decide in (again, arrived):
        with pytest.raises(Conflict, match="uncertain_decided"):
            decide(lost, old)
    again(lost)
    lost.go_on()
    assert (lost.got(friends), lost.states(), counted(lost)) == ([3], [ACCEPTED], (3, 3))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_a_broadcast_that_is_closed_in_that_moment_goes_on_all_the_same(lost: LostMessages) -> None:
    friends = lost.broadcast()
    with lost.database.begin() as session:
        session.get_one(Broadcast, lost.broadcast_id).state = BroadcastState.SENDING
    other = Aside(lost.database)
    with lost.database.begin() as session:
        uncertain.send_again(session, lost.seen(), "operator:1", lost.clock.now())
        closing = other.start(lambda aside: chunks.finish_broadcasts(aside, lost.clock.now()))
        other.wait_until_it_waits()
    assert closing() == 0
    assert campaign(lost) is BroadcastState.SENDING
    lost.go_on()
    assert (lost.got(friends), campaign(lost)) == ([2], BroadcastState.DONE)


@BOTH
def test_what_is_taken_as_arrived_counts_as_accepted_and_nothing_is_sent(
    lost: LostMessages, content: dict[str, Any]
) -> None:
    friends = lost.broadcast(2, content)
    before = counted(lost)
    assert arrived(lost) == 2
    lost.go_on()
    assert (lost.got(friends), lost.states(), counted(lost)) == ([1, 1], [ARRIVED] * 2, before)
    with lost.database.reading() as session:
        ended = session.scalars(select(Delivery.ended_at)).all()
        contacted = session.scalars(select(Facts.last_contacted_at)).all()
    # When it got lost, not when somebody decided: the contact plan and the month go by that.
    assert list(contacted) == list(ended)
    with pytest.raises(Conflict, match="uncertain_decided"):
        arrived(lost, dict.fromkeys((1, 2), 0))


@pytest.mark.parametrize("second", ["again", "arrived"])
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_of_two_processes_at_once_one_alone_decides(lost: LostMessages, second: str) -> None:
    friend = steps(lost, "お元気ですか")
    lost.due()
    seen, other, now = lost.seen(), Aside(lost.database), lost.clock.now()

    def late(aside: Session) -> int:
        if second == "again":
            return uncertain.send_again(aside, seen, "operator:2", now)
        return uncertain.take_as_arrived(aside, seen)

    with lost.database.begin() as session:
        uncertain.send_again(session, seen, "operator:1", now)
        decided = other.start(late)
        other.wait_until_it_waits()
    with pytest.raises(Conflict, match="uncertain_decided"):
        decided()
    lost.go_on()
    assert len(lost.gateway.sent_to(friend)) == 2
