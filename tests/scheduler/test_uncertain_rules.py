"""What is sent again asks the same rules as any other message, and the list of what waits for a decision."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from scheduler import broadcasts, chunks, uncertain_list
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
from segments.errors import Conflict
from segments.models import Friend
from tests.builders import a_friend
from tests.fakes.clock import FakeClock
from tests.scheduler.broadcast_drafts import HELLO, PERSONAL
from tests.scheduler.budget_shop import allow
from tests.scheduler.lost_messages import ACCEPTED, ARRIVED, UNCERTAIN, LostMessages, again, arrived, campaign

BOTH = pytest.mark.parametrize("content", [HELLO, PERSONAL], ids=["multicast", "push"])


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
