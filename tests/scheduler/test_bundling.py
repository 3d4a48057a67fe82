"""What falls due to one friend together leaves as one push, counted once, and is never lost or doubled for it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from scheduler import broadcasts, bundling, collecting, drafts, enrolments, savings
from scheduler.bundling import Part, Policy
from scheduler.delivery import send_chunks
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.gateway import QuotaExhausted, RefusedByLine, TemporaryGatewayError
from scheduler.models import BroadcastState, Chunk, Delivery, DeliveryKind, DeliveryState, Purpose
from segments.models import Friend
from tests.builders import a_friend, a_message, a_scenario
from tests.fakes.clock import FailingClock, FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue

Run = Callable[[], int]


def _queue(session: Any, friend: Friend, text: str, purpose: Purpose, at: datetime, **values: Any) -> int:
    """Queue one step's message for a friend."""
    delivery = Delivery(
        friend_id=friend.id,
        kind=DeliveryKind.STEP,
        purpose=purpose,
        message_version_id=a_message(session, text).id,
        created_at=at,
        **({"not_before": at} | values),
    )
    session.add(delivery)
    session.flush()
    return delivery.id


def _two_due(dispatcher: Dispatcher) -> str:
    """Queue a sale and then a care message for one friend, and collect them."""
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        friend = a_friend(session)
        _queue(session, friend, "新商品です", Purpose.SALES, now)
        _queue(session, friend, "お元気ですか", Purpose.CARE, now)
        collecting.collect_due(session, dispatcher.queue, now)
    return friend.line_user_id or ""


def _rows(dispatcher: Dispatcher) -> list[tuple[DeliveryState, str | None]]:
    with dispatcher.database.reading() as session:
        rows = session.execute(select(Delivery.state, Delivery.reason).order_by(Delivery.id))
        return [(state, reason) for state, reason in rows]


def _pushes(gateway: FakeGateway) -> list[Any]:
    return [given for endpoint, given in gateway.calls if endpoint == "push"]


def test_two_messages_to_one_friend_are_one_push_care_first(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    friend = _two_due(dispatcher)
    run_jobs()
    assert gateway.sent_to(friend) == ["お元気ですか", "新商品です"]
    assert (len(_pushes(gateway)), gateway.used) == (1, 1)
    with dispatcher.database.reading() as session:
        states = session.execute(select(Delivery.state, Delivery.request_id)).all()
        saved = savings.of_month(session, dispatcher.clock.now())
    assert {tuple(row) for row in states} == {(DeliveryState.ACCEPTED, "request-1")}
    assert (saved.bundled, saved.on_replies) == (1, 0)


def test_a_lost_answer_is_resolved_by_the_same_push_again(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    gateway.lose_answer("push")
    friend = _two_due(dispatcher)
    run_jobs()
    first, second = _pushes(gateway)
    assert first == second  # the same key and the same body
    assert gateway.sent_to(friend) == ["お元気ですか", "新商品です"]
    assert _rows(dispatcher) == [(DeliveryState.ACCEPTED, None)] * 2
    with dispatcher.database.reading() as session:
        assert savings.of_month(session, dispatcher.clock.now()).bundled == 1


def test_a_crash_before_the_answer_is_recorded_doubles_nothing_and_loses_nothing(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    friend = _two_due(dispatcher)
    with dispatcher.database.reading() as session:
        chunk_id = session.scalars(select(Chunk.id)).one()
    for asked in (1, 2, 2):  # before it is prepared, then twice after LINE took it
        with pytest.raises(ConnectionError):
            send_chunks(replace(dispatcher, clock=FailingClock(asked)), chunk_id)
    assert _rows(dispatcher) == [(DeliveryState.SENDING, None)] * 2
    run_jobs()
    assert len({given["key"] for given in _pushes(gateway)}) == 1
    assert gateway.sent_to(friend) == ["お元気ですか", "新商品です"]
    assert _rows(dispatcher) == [(DeliveryState.ACCEPTED, None)] * 2
    with dispatcher.database.reading() as session:
        assert savings.of_month(session, dispatcher.clock.now()).bundled == 1


def test_what_failed_for_now_goes_out_again_together(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    gateway.fail("push", TemporaryGatewayError("500", status=500), times=2)
    friend = _two_due(dispatcher)
    run_jobs()
    assert gateway.sent_to(friend) == ["お元気ですか", "新商品です"]
    assert gateway.used == 1


def test_what_line_refuses_together_goes_out_one_by_one(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    gateway.fail("push", RefusedByLine("The request body has 1 error(s)", status=400), times=2)
    friend = _two_due(dispatcher)
    run_jobs()
    # Together refused, then the first of them, and the other one arrives.
    assert len(_pushes(gateway)) == 3
    assert len(gateway.sent_to(friend)) == 1
    assert sorted(_rows(dispatcher), key=str) == [
        (DeliveryState.ACCEPTED, None),
        (DeliveryState.FAILED, "refused"),
    ]


def test_a_spent_quota_keeps_both_and_they_leave_later(
    dispatcher: Dispatcher, gateway: FakeGateway, clock: FakeClock, run_jobs: Run
) -> None:
    gateway.fail("push", QuotaExhausted("You have reached your monthly limit.", status=429))
    friend = _two_due(dispatcher)
    run_jobs()
    assert _rows(dispatcher) == [(DeliveryState.QUEUED, "quota_exhausted")] * 2
    clock.advance(timedelta(minutes=20))
    with dispatcher.database.begin() as session:
        assert collecting.collect_due(session, dispatcher.queue, clock.now()) == 2
    run_jobs()
    assert gateway.sent_to(friend) == ["お元気ですか", "新商品です"]


def test_the_one_that_may_not_leave_keeps_nothing_of_the_other(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        friend = a_friend(session, facts={"suppressed_at": now})
        _queue(session, friend, "新商品です", Purpose.SALES, now)
        _queue(session, friend, "お元気ですか", Purpose.CARE, now)
        collecting.collect_due(session, dispatcher.queue, now)
    run_jobs()
    assert gateway.sent_to(friend.line_user_id or "") == ["お元気ですか"]
    assert _rows(dispatcher) == [(DeliveryState.SKIPPED, "suppressed"), (DeliveryState.ACCEPTED, None)]


def _with_company(dispatcher: Dispatcher, minutes: int, **values: Any) -> tuple[Friend, int]:
    """Queue one message for now and one for some minutes later; return the friend and what the tick took."""
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        friend = a_friend(session)
        _queue(session, friend, "お元気ですか", Purpose.CARE, now, **values)
        _queue(session, friend, "新商品です", Purpose.SALES, now, not_before=now + timedelta(minutes=minutes))
        return friend, collecting.collect_due(session, dispatcher.queue, now)


def test_a_message_waits_for_another_that_is_about_to_come(
    dispatcher: Dispatcher, gateway: FakeGateway, clock: FakeClock, run_jobs: Run
) -> None:
    friend, _ = _with_company(dispatcher, 20)
    run_jobs()
    assert _rows(dispatcher) == [(DeliveryState.QUEUED, "bundling"), (DeliveryState.QUEUED, None)]
    clock.advance(timedelta(minutes=20))
    with dispatcher.database.begin() as session:
        collecting.collect_due(session, dispatcher.queue, clock.now())
    run_jobs()
    assert gateway.sent_to(friend.line_user_id or "") == ["お元気ですか", "新商品です"]
    assert gateway.used == 1


@pytest.mark.parametrize(("taken_out", "minutes"), [(False, 25), (True, 0)])
def test_it_waits_for_a_step_that_is_about_to_come(
    dispatcher: Dispatcher, taken_out: bool, minutes: int
) -> None:
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        friend = a_friend(session)
        scenario = a_scenario(session, {"delay": timedelta(minutes=25)})
        enrolments.enrol(session, scenario, friend.id, "test", {}, now)
        scenario.steps[0].removed_at = now if taken_out else None
        _queue(session, friend, "お元気ですか", Purpose.CARE, now)
        collecting.collect_due(session, dispatcher.queue, now)
        waits_until = session.scalars(select(Delivery.not_before)).one()
    assert waits_until == now + timedelta(minutes=minutes)


def test_nothing_waits_beyond_the_window_or_its_latest_time_or_twice(dispatcher: Dispatcher) -> None:
    soon = dispatcher.clock.now() + timedelta(minutes=10)
    for minutes, values in ((40, {}), (20, {"expires_at": soon}), (20, {"reason": "bundling"})):
        friend, _ = _with_company(dispatcher, minutes, **values)
        with dispatcher.database.reading() as session:
            first = session.scalars(
                select(Delivery).where(Delivery.friend_id == friend.id).order_by(Delivery.id)
            ).first()
        assert first is not None
        assert first.chunk_id is not None


def test_a_shop_that_wants_no_waiting_gets_none(dispatcher: Dispatcher) -> None:
    with dispatcher.database.begin() as session:
        bundling.set_policy(session, Policy(timedelta()), dispatcher.clock.now())
    _with_company(dispatcher, 5)
    assert _rows(dispatcher) == [(DeliveryState.QUEUED, None)] * 2


def _parts() -> st.SearchStrategy[list[Part]]:
    one = st.tuples(st.sampled_from(Purpose), st.integers(1, 5), st.booleans(), st.booleans())
    return st.lists(one, min_size=1, max_size=12).map(
        lambda those: [_part(number, *each) for number, each in enumerate(those, start=1)]
    )


def _part(number: int, purpose: Purpose, objects: int, asks: bool, alone: bool) -> Part:
    said = [{"type": "text", "text": f"{number}-{place}"} for place in range(objects)]
    if asks:
        said[-1]["quickReply"] = "…"
    return Part(number, purpose, json.dumps(said), alone)


@given(_parts())
def test_pushes_hold_everything_once_at_most_five_objects_and_hide_no_buttons(parts: list[Part]) -> None:
    pushes = bundling.together(parts)
    assert sorted(part.delivery_id for push in pushes for part in push) == [p.delivery_id for p in parts]
    for push in pushes:
        objects = json.loads(bundling.joined([part.text for part in push]))
        assert len(objects) <= 5
        assert all("quickReply" not in each for each in objects[:-1])
        assert len(push) == 1 or not any(part.alone for part in push)
        order = [bundling.READING_ORDER[part.purpose] for part in push]
        assert order == sorted(order)


def _with_a_broadcast(dispatcher: Dispatcher) -> tuple[str, int]:
    """Collect a care message and one of a broadcast for one friend; return the friend and the broadcast."""
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        friend = a_friend(session)
        draft = Draft("秋", {"ja": [{"type": "text", "text": "新商品です"}]}, condition={"is": "everyone"})
        broadcast = drafts.create(session, draft, now=now, by="test")
        broadcast.state, broadcast.started_at, broadcast.planned_at = BroadcastState.SENDING, now, now
        _queue(session, friend, "お元気ですか", Purpose.CARE, now)
        sale = session.get_one(Delivery, _queue(session, friend, "新商品です", Purpose.SALES, now))
        sale.kind, sale.broadcast_id = DeliveryKind.BROADCAST, broadcast.id
        session.flush()
        collecting.collect_due(session, dispatcher.queue, now)
        return friend.line_user_id or "", broadcast.id


def test_a_lost_answer_of_what_is_paused_now_is_asked_for_now_and_then_and_once_it_goes_on(
    dispatcher: Dispatcher, gateway: FakeGateway, queue: FakeQueue, run_jobs: Run
) -> None:
    friend, broadcast_id = _with_a_broadcast(dispatcher)
    gateway.lose_answer("push")
    with dispatcher.database.reading() as session:
        chunk_id = session.scalars(select(Chunk.id)).one()
    send_chunks(dispatcher, chunk_id)
    with dispatcher.database.begin() as session:
        broadcasts.pause(session, broadcast_id, dispatcher.clock.now())
    queue.waiting.clear()
    send_chunks(dispatcher, chunk_id)
    ((_job, _args, delay),) = queue.waiting.values()
    assert delay is not None
    assert delay >= timedelta(minutes=1)
    with dispatcher.database.begin() as session:
        broadcasts.resume(session, queue, broadcast_id, dispatcher.clock.now())
    run_jobs()
    assert gateway.sent_to(friend) == ["お元気ですか", "新商品です"]
    assert _rows(dispatcher) == [(DeliveryState.ACCEPTED, None)] * 2
