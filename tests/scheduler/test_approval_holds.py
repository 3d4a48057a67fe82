"""What an approval is for: about the friends whom the broadcast reached then, those by mail among them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from scheduler import broadcasts, mail_settings, tag_uses
from scheduler.dispatcher import Dispatcher
from scheduler.mail_settings import MailSettings
from scheduler.models import Broadcast, BroadcastState, Purpose
from segments import saved, shop, tags
from segments.conditions import parse
from segments.errors import Conflict
from segments.shop import Shop
from tests.builders import days_ago, many_friends
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway
from tests.scheduler.test_approvals import AUTHOR, OTHER, approve, looked, scheduled, stored, written

ENGLISH = {"is": "language", "languages": ["en"]}
KOREAN = {"is": "language", "languages": ["ko"]}


def some(dispatcher: Dispatcher, count: int, **values: Any) -> None:
    with dispatcher.database.begin() as session:
        many_friends(session, count, **values)


def a_segment(dispatcher: Dispatcher, condition: dict[str, Any]) -> int:
    with dispatcher.database.begin() as session:
        return saved.create(session, f"{condition}", parse(condition), AUTHOR, A_SATURDAY).id


def edited(
    dispatcher: Dispatcher, segment_id: int, condition: dict[str, Any] | None, name: str = "別"
) -> None:
    with dispatcher.database.begin() as session:
        now, asks = dispatcher.clock.now(), parse(condition) if condition else None
        saved.edit(session, segment_id, 1, AUTHOR, now, name=name, condition=asks)


def approved(dispatcher: Dispatcher, broadcast_id: int) -> int:
    """Have a broadcast approved that is to leave in an hour."""
    assert scheduled(dispatcher, broadcast_id, hours=1) is BroadcastState.AWAITING_APPROVAL
    approve(dispatcher, broadcast_id)
    return broadcast_id


def begun(
    dispatcher: Dispatcher, clock: FakeClock, run_jobs: Callable[[], int], broadcast_id: int
) -> Broadcast:
    """Return what became of a broadcast whose time has come."""
    clock.advance(timedelta(hours=1))
    with dispatcher.database.begin() as session:
        broadcasts.start_due(session, dispatcher.queue, clock.now())
    run_jobs()
    return stored(dispatcher, broadcast_id)


@pytest.mark.parametrize(
    ("friends", "more", "leaves"),
    [(3, 10, True), (3, 11, False), (200, 20, True), (200, 21, False)],
)
def test_an_approval_bears_what_a_shop_grows_by_itself(
    dispatcher: Dispatcher,
    clock: FakeClock,
    run_jobs: Callable[[], int],
    friends: int,
    more: int,
    leaves: bool,
) -> None:
    broadcast_id = approved(dispatcher, written(dispatcher, friends))
    some(dispatcher, more)
    found = begun(dispatcher, clock, run_jobs, broadcast_id)
    assert (found.state is BroadcastState.DONE) is leaves
    assert (found.state is BroadcastState.AWAITING_APPROVAL) is not leaves


def test_what_outgrew_its_approval_is_approved_anew_and_not_by_who_asked(
    dispatcher: Dispatcher, clock: FakeClock, gateway: FakeGateway, run_jobs: Callable[[], int]
) -> None:
    broadcast_id = approved(dispatcher, written(dispatcher))
    seen = looked(dispatcher, broadcast_id)
    some(dispatcher, 40)
    found = begun(dispatcher, clock, run_jobs, broadcast_id)
    assert (found.approved_by, found.approved_at, found.approved_for) == (None, None, None)
    assert (found.asked_by, found.asked_at, gateway.used) == (AUTHOR, clock.now(), 0)
    with pytest.raises(Conflict, match="own_approval"):
        approve(dispatcher, broadcast_id, AUTHOR)
    with pytest.raises(Conflict, match="approval_outdated"):
        approve(dispatcher, broadcast_id, seen=seen)
    approve(dispatcher, broadcast_id, seen=looked(dispatcher, broadcast_id, friends=43))
    run_jobs()
    assert gateway.used == stored(dispatcher, broadcast_id).approved_for == 43


def test_what_outgrew_its_approval_leaves_where_one_operator_may_decide_it(
    dispatcher: Dispatcher, clock: FakeClock, run_jobs: Callable[[], int]
) -> None:
    broadcast_id = approved(dispatcher, written(dispatcher))
    some(dispatcher, 40)
    with dispatcher.database.begin() as session:
        shop.save(session, Shop(approval_above=43), A_SATURDAY)
    assert begun(dispatcher, clock, run_jobs, broadcast_id).state is BroadcastState.DONE


@pytest.mark.parametrize("is_inside", [False, True])
@pytest.mark.parametrize(
    ("asks", "leaves"), [({"is": "everyone"}, False), (KOREAN, False), (ENGLISH, True), (None, True)]
)
def test_a_segment_that_asks_for_something_else_is_approved_anew(
    dispatcher: Dispatcher,
    clock: FakeClock,
    run_jobs: Callable[[], int],
    is_inside: bool,
    asks: dict[str, Any] | None,
    leaves: bool,
) -> None:
    for language in ("en", "ko"):
        some(dispatcher, 3, language=language)
    segment_id = a_segment(dispatcher, ENGLISH)
    condition = {"is": "segment", "segment_id": segment_id}
    if is_inside:
        condition = {"is": "segment", "segment_id": a_segment(dispatcher, condition)}
    broadcast_id = approved(dispatcher, written(dispatcher, condition=condition))
    clock.advance(timedelta(minutes=1))
    edited(dispatcher, segment_id, asks)
    found = begun(dispatcher, clock, run_jobs, broadcast_id)
    assert found.state is (BroadcastState.DONE if leaves else BroadcastState.AWAITING_APPROVAL)


@pytest.mark.parametrize(("more", "stands"), [(10, True), (11, False)])
def test_friends_who_came_while_somebody_looked_at_it_are_not_approved_unseen(
    dispatcher: Dispatcher, more: int, stands: bool
) -> None:
    broadcast_id = written(dispatcher)
    scheduled(dispatcher, broadcast_id, hours=1)
    seen = looked(dispatcher, broadcast_id)
    some(dispatcher, more)
    if stands:
        approve(dispatcher, broadcast_id, seen=seen)
        assert stored(dispatcher, broadcast_id).approved_for == 3
        return
    with pytest.raises(Conflict, match="approval_outdated"):
        approve(dispatcher, broadcast_id, seen=seen)
    approve(dispatcher, broadcast_id, seen=looked(dispatcher, broadcast_id, friends=14))


def test_a_segment_that_changed_while_somebody_looked_at_it_is_not_approved_unseen(
    dispatcher: Dispatcher, clock: FakeClock
) -> None:
    for language in ("en", "ko"):
        some(dispatcher, 3, language=language)
    segment_id = a_segment(dispatcher, ENGLISH)
    broadcast_id = written(dispatcher, condition={"is": "segment", "segment_id": segment_id})
    scheduled(dispatcher, broadcast_id, hours=1)
    seen = looked(dispatcher, broadcast_id)
    clock.advance(timedelta(minutes=1))
    edited(dispatcher, segment_id, KOREAN)
    with pytest.raises(Conflict, match="approval_outdated"):
        approve(dispatcher, broadcast_id, seen=seen)
    clock.advance(timedelta(minutes=1))
    approve(dispatcher, broadcast_id, seen=looked(dispatcher, broadcast_id))
    assert stored(dispatcher, broadcast_id).state is BroadcastState.SCHEDULED


def test_a_tag_that_is_called_otherwise_is_still_the_same_tag(
    dispatcher: Dispatcher, clock: FakeClock, run_jobs: Callable[[], int]
) -> None:
    with dispatcher.database.begin() as session:
        for friend in many_friends(session, 3):
            tags.tag(session, friend.id, "常連", A_SATURDAY, AUTHOR)
    segment_id = a_segment(dispatcher, {"is": "tag", "names": ["常連"]})
    broadcast_id = approved(
        dispatcher, written(dispatcher, condition={"is": "segment", "segment_id": segment_id})
    )
    clock.advance(timedelta(minutes=1))
    with dispatcher.database.begin() as session:
        tag_uses.rename(session, "常連", "お得意様", AUTHOR, clock.now())
    assert begun(dispatcher, clock, run_jobs, broadcast_id).state is BroadcastState.DONE


def test_friends_who_declined_count_where_they_get_it_all_the_same(dispatcher: Dispatcher) -> None:
    some(dispatcher, 2, opted_out_at=days_ago(1))
    answer = written(dispatcher, friends=1, purpose=Purpose.SERVICE)
    assert scheduled(dispatcher, answer) is BroadcastState.AWAITING_APPROVAL
    approve(dispatcher, answer, OTHER)
    assert stored(dispatcher, answer).approved_for == 3


def set_up_mail(dispatcher: Dispatcher) -> None:
    with dispatcher.database.begin() as session:
        mail_settings.save(session, MailSettings("みどり茶舗", "東京都", "03-0000-0000"), A_SATURDAY)


MAILED: dict[str, Any] = {"email": "hanako@example.com", "email_consent_at": days_ago(5)}
LEFT: dict[str, Any] = MAILED | {"blocked_at": days_ago(1)}
STRANGER: dict[str, Any] = MAILED | {"line_user_id": None, "followed_at": None}


@pytest.mark.parametrize(
    ("who", "fields", "waits"),
    [
        (LEFT, {"by_mail": True}, True),
        (STRANGER, {"by_mail": True}, True),
        (LEFT, {}, False),
        (MAILED, {"by_mail": True}, True),
        (LEFT | {"email_opted_out_at": days_ago(1)}, {"by_mail": True}, False),
        (LEFT | {"opted_out_at": days_ago(1)}, {"by_mail": True}, False),
        (LEFT | {"facts": {"suppressed_at": days_ago(1)}}, {"by_mail": True}, False),
        (LEFT, {"purpose": Purpose.SERVICE}, True),
        (STRANGER, {"purpose": Purpose.SERVICE}, False),
    ],
)
def test_friends_whom_it_reaches_by_mail_count(
    dispatcher: Dispatcher, who: dict[str, Any], fields: dict[str, Any], waits: bool
) -> None:
    set_up_mail(dispatcher)
    some(dispatcher, 1, **who)
    broadcast_id = written(dispatcher, friends=2, **fields)
    assert (scheduled(dispatcher, broadcast_id) is BroadcastState.AWAITING_APPROVAL) is waits
    if waits:
        approve(dispatcher, broadcast_id, OTHER)
        assert stored(dispatcher, broadcast_id).approved_for == 3


def test_nobody_is_reached_by_mail_while_it_is_not_set_up(dispatcher: Dispatcher) -> None:
    some(dispatcher, 3, **LEFT)
    assert scheduled(dispatcher, written(dispatcher, friends=2, by_mail=True)) is BroadcastState.PLANNING


def test_mails_that_came_since_are_more_than_was_approved(
    dispatcher: Dispatcher, clock: FakeClock, run_jobs: Callable[[], int]
) -> None:
    set_up_mail(dispatcher)
    broadcast_id = approved(dispatcher, written(dispatcher, by_mail=True))
    some(dispatcher, 40, **LEFT)
    found = begun(dispatcher, clock, run_jobs, broadcast_id)
    assert found.state is BroadcastState.AWAITING_APPROVAL
