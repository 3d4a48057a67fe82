"""What nobody knows the end of: taken as arrived, or sent again, by one person's word and once for it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scheduler import broadcasts, chunks, meter, reconciling, uncertain, uncertain_list
from scheduler.dispatcher import Dispatcher
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkMode,
    Delivery,
    DeliveryBody,
    DeliveryKind,
    DeliveryState,
    LostTry,
    Purpose,
)
from scheduler.uncertain_list import About
from segments.contact_tally import WIDTH
from segments.errors import Conflict
from segments.models import Facts, Friend
from tests.aside import Aside
from tests.builders import a_friend, a_message, a_scenario
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue
from tests.scheduler.broadcast_drafts import HELLO, PERSONAL
from tests.scheduler.budget_shop import allow
from tests.scheduler.lost_messages import LostMessages

BOTH = pytest.mark.parametrize("content", [HELLO, PERSONAL], ids=["multicast", "push"])
UNCERTAIN = (DeliveryState.UNCERTAIN, "retry_key_expired")
ACCEPTED = (DeliveryState.ACCEPTED, None)
ARRIVED = (DeliveryState.ACCEPTED, "taken_as_arrived")


@pytest.fixture
def lost(
    dispatcher: Dispatcher,
    gateway: FakeGateway,
    queue: FakeQueue,
    clock: FakeClock,
    run_jobs: Callable[[], int],
) -> LostMessages:
    return LostMessages(dispatcher, gateway, queue, clock, run_jobs)


def again(lost: LostMessages, seen: dict[int, int] | None = None) -> int:
    with lost.database.begin() as session:
        asked = lost.seen() if seen is None else seen
        return uncertain.send_again(session, asked, "operator:1", lost.clock.now())


def arrived(lost: LostMessages, seen: dict[int, int] | None = None) -> int:
    with lost.database.begin() as session:
        return uncertain.take_as_arrived(session, lost.seen() if seen is None else seen)


def counted(lost: LostMessages) -> tuple[int, int]:
    """Return the month's messages by the meter, and by the deliveries themselves."""
    with lost.database.reading() as session:
        now = lost.clock.now()
        return meter.read(session, now).claimed, reconciling.count_ours(session, now)


def campaign(lost: LostMessages) -> BroadcastState:
    with lost.database.reading() as session:
        return session.get_one(Broadcast, lost.broadcast_id).state


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


def steps(lost: LostMessages, *texts: str, **values: Any) -> str:
    """Queue steps' messages to one friend; return whom."""
    now = lost.clock.now()
    with lost.database.begin() as session:
        friend = a_friend(session)
        scenario = a_scenario(session, *({"message_id": a_message(session, text).id} for text in texts))
        for text, step in zip(texts, scenario.steps, strict=True):
            delivery = {
                "friend_id": friend.id,
                "kind": DeliveryKind.STEP,
                "purpose": Purpose.CARE,
                "step_id": step.id,
                "message_version_id": a_message(session, text).id,
                "created_at": now,
                "not_before": now,
            }
            session.add(Delivery(**(delivery | values)))
    return friend.line_user_id or ""


def contacts(lost: LostMessages) -> int:
    """Return how many contacts of the plan the friend has had."""
    with lost.database.reading() as session:
        return len(session.scalars(select(Facts.recent_contacts)).one()) // WIDTH


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


def test_what_one_push_carried_is_one_contact_when_it_is_taken_as_arrived(lost: LostMessages) -> None:
    steps(lost, "お元気ですか", "お変わりありませんか")
    lost.due()
    assert (lost.states(), counted(lost), contacts(lost)) == ([UNCERTAIN] * 2, (1, 1), 0)
    assert arrived(lost) == 2
    assert (lost.states(), counted(lost), contacts(lost)) == ([ARRIVED] * 2, (1, 1), 1)


def test_what_one_push_carried_is_sent_again_alone_or_together_and_each_push_counts(
    lost: LostMessages,
) -> None:
    friend = steps(lost, "お元気ですか", "お変わりありませんか")
    lost.due()
    _carrier, carried = lost.seen()
    again(lost, {carried: 0})
    lost.go_on()
    assert lost.gateway.sent_to(friend) == ["お元気ですか", "お変わりありませんか", "お変わりありませんか"]
    assert (lost.states(), counted(lost)) == ([UNCERTAIN, ACCEPTED], (2, 2))
    again(lost)
    lost.go_on()
    assert lost.gateway.sent_to(friend)[3:] == ["お元気ですか"]
    assert (lost.states(), counted(lost)) == ([ACCEPTED] * 2, (3, 3))


def test_both_parts_of_a_push_go_together_again(lost: LostMessages) -> None:
    friend = steps(lost, "お元気ですか", "お変わりありませんか")
    lost.due()
    again(lost)
    lost.go_on()
    assert len(lost.gateway.sent_to(friend)) == 4
    assert (lost.states(), counted(lost)) == ([ACCEPTED] * 2, (2, 2))


def test_what_rode_on_a_reply_was_free_and_is_pushed_when_it_is_sent_again(lost: LostMessages) -> None:
    friend = steps(lost, "お元気ですか")
    with lost.database.begin() as session:
        reply = Delivery(
            friend_id=session.scalars(select(Friend.id)).one(), kind=DeliveryKind.REPLY,
            purpose=Purpose.SERVICE, state=DeliveryState.UNCERTAIN, created_at=lost.clock.now(),
            ended_at=lost.clock.now(), reason="uncertain",
        )  # fmt: skip
        session.add(reply)
        session.flush()
        gone = {"state": DeliveryState.UNCERTAIN, "carried_by": reply.id, "ended_at": lost.clock.now()}
        session.execute(update(Delivery).where(Delivery.kind == DeliveryKind.STEP).values(gone))
        (step,) = uncertain_list.page(session, About(), 0, lost.clock.now())[0]
    assert again(lost, {step.lost.id: 0}) == 1
    lost.go_on()
    assert (lost.gateway.sent_to(friend), counted(lost)) == (["お元気ですか"], (1, 1))


def test_it_is_judged_anew(lost: LostMessages) -> None:
    lost.broadcast(2)
    with lost.database.begin() as session:
        first = session.scalars(select(Friend).order_by(Friend.id)).first()
        assert first is not None
        first.blocked_at = lost.clock.now()
    again(lost)
    lost.go_on()
    assert lost.states() == [(DeliveryState.SKIPPED, "blocked"), ACCEPTED]
    assert campaign(lost) is BroadcastState.DONE


def test_it_waits_for_money_like_any_other(lost: LostMessages) -> None:
    with lost.database.begin() as session:
        allow(session, 1)
    friends = lost.broadcast()
    again(lost)
    lost.go_on()
    assert (lost.got(friends), lost.states()) == ([1], [(DeliveryState.QUEUED, "over_budget")])
    with lost.database.begin() as session:
        allow(session, 5)
    lost.go_on()
    lost.go_on()
    assert (lost.got(friends), lost.states()) == ([2], [ACCEPTED])


def test_of_a_paused_broadcast_nothing_leaves_until_it_goes_on(lost: LostMessages) -> None:
    friends = lost.broadcast()
    with lost.database.begin() as session:
        session.get_one(Broadcast, lost.broadcast_id).state = BroadcastState.PAUSED
    again(lost)
    lost.go_on()
    assert lost.got(friends) == [1]
    with lost.database.begin() as session:
        broadcasts.resume(session, lost.queue, lost.broadcast_id, lost.clock.now())
    lost.go_on()
    assert (lost.got(friends), campaign(lost)) == ([2], BroadcastState.DONE)


def test_what_waits_to_be_sent_again_can_still_be_cancelled(lost: LostMessages) -> None:
    friends = lost.broadcast()
    again(lost)
    with lost.database.begin() as session:
        broadcasts.cancel(session, lost.broadcast_id, lost.clock.now())
    lost.go_on()
    assert (lost.got(friends), lost.states()) == ([1], [(DeliveryState.CANCELLED, "broadcast_cancelled")])


def test_of_a_cancelled_broadcast_it_can_only_be_taken_as_arrived(lost: LostMessages) -> None:
    lost.broadcast()
    with lost.database.begin() as session:
        session.get_one(Broadcast, lost.broadcast_id).state = BroadcastState.CANCELLED
    with pytest.raises(Conflict, match="uncertain_campaign_over"):
        again(lost)
    assert lost.states() == [UNCERTAIN]
    arrived(lost)
    assert (lost.states(), campaign(lost)) == ([ARRIVED], BroadcastState.CANCELLED)


def test_after_a_month_it_is_not_sent_again(lost: LostMessages, clock: FakeClock) -> None:
    lost.broadcast()
    clock.advance(timedelta(days=30, minutes=1))
    with pytest.raises(Conflict, match="uncertain_too_old"):
        again(lost)
    assert arrived(lost) == 1


def test_mail_is_not_sent_again_and_the_others_are(lost: LostMessages) -> None:
    friends = lost.broadcast(2)
    first, second = lost.seen()
    with lost.database.begin() as session:
        by_mail = chunks.add_chunk(session, now=lost.clock.now(), mode=ChunkMode.MAIL)
        session.get_one(Delivery, first).chunk_id = by_mail.id
        session.flush()
        session.execute(update(Chunk).values(state="done"))
    with pytest.raises(Conflict, match="uncertain_by_mail"):
        again(lost, {first: 0})
    assert again(lost) == 1
    lost.go_on()
    assert (lost.got(friends), lost.states()) == ([1, 2], [UNCERTAIN, ACCEPTED])
    assert list(lost.seen()) == [first]
    assert second > first


@BOTH
def test_what_the_first_try_said_is_kept(lost: LostMessages, content: dict[str, Any]) -> None:
    (friend,) = lost.broadcast(1, content)
    with lost.database.begin() as session:
        session.execute(update(Friend).values(display_name="改名"))
    again(lost)
    lost.go_on()
    with lost.database.reading() as session:
        kept = session.scalars(select(LostTry)).one()
        body = kept.messages or session.get_one(Chunk, kept.chunk_id).messages
        assert body == lost.gateway.objects_to(friend)[:1]
        second = session.scalars(select(DeliveryBody.messages)).one()
        assert second == lost.gateway.objects_to(friend)[1:]
        assert (kept.number, kept.asked_by, kept.reason) == (1, "operator:1", "retry_key_expired")


def test_the_list_names_friend_and_campaign_page_by_page_and_leaves_answers_to_the_inbox(
    lost: LostMessages,
) -> None:
    lost.broadcast(3, name="秋のお知らせ")
    now = lost.clock.now()
    with lost.database.begin() as session:
        answer = {"kind": DeliveryKind.MANUAL, "purpose": Purpose.SERVICE, "state": DeliveryState.UNCERTAIN}
        friend = a_friend(session)
        session.add(Delivery(friend_id=friend.id, created_at=now, ended_at=now, **answer))
        session.flush()
        rows, after = uncertain_list.page(session, About(broadcast_id=lost.broadcast_id), 0, now)
        assert uncertain_list.count(session) == uncertain_list.count(session, About(friend_id=None)) == 3
        assert [uncertain_list.count(session, About(friend_id=each.lost.friend_id)) for each in rows] == [
            1
        ] * 3
        assert uncertain_list.count(session, About(friend_id=friend.id)) == 0
    assert after is None
    assert {(each.broadcast, each.obstacle, each.tried_before) for each in rows} == {
        ("秋のお知らせ", None, 0)
    }
    assert all(each.friend for each in rows)
