"""Why a friend did not get a message: written down by rule, with its numbers, and told in words."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from scheduler import (
    broadcasts,
    control_groups,
    decision_rows,
    decisions,
    drafts,
    library,
    scenarios,
    triggers,
    trust_ledger,
)
from scheduler.control_groups import ControlPolicy
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.models import Decision, Delivery, DeliveryState, Purpose
from segments import contact_policy, signals, trust, trust_policy
from segments.contact_policy import ContactPolicy, Limits
from segments.db import Database
from segments.errors import Invalid, NotFound
from segments.models import Facts, Friend
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway
from tests.scheduler.budget_shop import settle

EVERYONE = {"is": "everyone"}
HELLO = {"ja": [{"type": "text", "text": "こんにちは"}]}
PERSONAL = {"ja": [{"type": "text", "text": "{{ name }}様"}]}
Run = Callable[[], int]


def friends(database: Database, count: int, **values: Any) -> list[int]:
    with database.begin() as session:
        return [a_friend(session, **values).id for _ in range(count)]


def send(dispatcher: Dispatcher, run: Run, **values: Any) -> int:
    """Send a broadcast to everybody to its end; return its number."""
    given: dict[str, Any] = {"name": "秋", "content": HELLO, "condition": EVERYONE} | values
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        made = drafts.create(session, Draft(**given), now=now, by="operator:1").id
        broadcasts.schedule(session, dispatcher.queue, made, None, now)
    run()
    return made


def rules(database: Database, friend_id: int) -> list[tuple[str, str]]:
    """Return what was decided of a friend, with the figures."""
    with database.reading() as session:
        rows = session.scalars(
            select(Decision).where(Decision.friend_id == friend_id).order_by(Decision.rule)
        )
        return [(each.rule, each.figures) for each in rows]


def why(dispatcher: Dispatcher, friend_id: int, broadcast_id: int, language: str = "ja") -> list[str]:
    with dispatcher.database.reading() as session:
        told = decisions.why_broadcast(session, friend_id, broadcast_id, dispatcher.clock.now())
        return [each.of(language) for each in told]


@pytest.mark.parametrize("content", [HELLO, PERSONAL])
def test_the_fifth_message_of_a_week_is_refused_with_its_numbers(
    dispatcher: Dispatcher, run_jobs: Run, gateway: FakeGateway, content: dict[str, Any]
) -> None:
    (friend_id,) = friends(dispatcher.database, 1)
    sent = [send(dispatcher, run_jobs, content=content, purpose=Purpose.CARE) for _ in range(5)]
    assert rules(dispatcher.database, friend_id) == [("contact_ceiling", "4 4 7")]
    (told,) = why(dispatcher, friend_id, sent[-1])
    assert "に見送りました：接触計画の上限に達しています：7日間に4通（上限4通）。" in told
    assert "LINE took it" in why(dispatcher, friend_id, sent[0], "en")[0]


def test_one_that_may_wait_leaves_when_there_is_room_again(
    dispatcher: Dispatcher, run_jobs: Run, clock: FakeClock
) -> None:
    (friend_id,) = friends(dispatcher.database, 1)
    for _ in range(4):
        send(dispatcher, run_jobs, purpose=Purpose.CARE)
    waiting = send(dispatcher, run_jobs, purpose=Purpose.CARE, expires_at=clock.now() + timedelta(days=9))
    with dispatcher.database.reading() as session:
        held = session.scalars(select(Delivery).where(Delivery.broadcast_id == waiting)).one()
    assert (held.state, held.reason) == (DeliveryState.QUEUED, "contact_ceiling")
    (told,) = why(dispatcher, friend_id, waiting)
    assert (
        "11月28日（土） 00:00まで待っています：接触計画の上限に達しています：7日間に4通（上限4通）。" in told
    )
    clock.advance(timedelta(days=7))
    settle(dispatcher, run_jobs)
    was_held, left = why(dispatcher, friend_id, waiting)
    assert "（2026年11月28日（土） 00:00まで保留）" in was_held
    assert "LINEが受け付けました" in left


def test_of_all_that_was_held_back_what_was_asked_about_can_be_left_out(
    dispatcher: Dispatcher, run_jobs: Run
) -> None:
    (friend_id,) = friends(dispatcher.database, 1, offers_opted_out_at=dispatcher.clock.now())
    first, second = send(dispatcher, run_jobs), send(dispatcher, run_jobs)
    with dispatcher.database.reading() as session:
        assert {each.broadcast_id for each in decisions.of_friend(session, friend_id)} == {first, second}
        (other,) = decisions.of_friend(session, friend_id, but_broadcast=second)
    assert other.broadcast_id == first


def test_in_the_red_offers_are_refused_and_care_is_not(dispatcher: Dispatcher, run_jobs: Run) -> None:
    (friend_id,) = friends(dispatcher.database, 1)
    with dispatcher.database.begin() as session:
        trust.adjust(session, friend_id, -13, "operator:1", "遅配", dispatcher.clock.now())
    offer, care = send(dispatcher, run_jobs), send(dispatcher, run_jobs, purpose=Purpose.CARE)
    assert rules(dispatcher.database, friend_id) == [("trust_in_the_red", "3")]
    assert "不足3点" in why(dispatcher, friend_id, offer)[0]
    assert "受け付けました" in why(dispatcher, friend_id, care)[-1]


def test_after_a_complaint_nothing_is_sold_for_two_weeks(
    dispatcher: Dispatcher, run_jobs: Run, clock: FakeClock
) -> None:
    (friend_id,) = friends(dispatcher.database, 1)
    with dispatcher.database.begin() as session:
        trust.adjust(session, friend_id, 60, "operator:1", "常連", clock.now())
        signals.complain(session, friend_id, clock.now())
    send(dispatcher, run_jobs)
    assert rules(dispatcher.database, friend_id) == [("complained", "")]
    clock.advance(timedelta(days=15))
    later = send(dispatcher, run_jobs)
    assert "受け付けました" in why(dispatcher, friend_id, later)[-1]


def test_control_groups_get_no_offers_but_care_and_are_always_the_same(
    dispatcher: Dispatcher, run_jobs: Run, gateway: FakeGateway
) -> None:
    everybody = friends(dispatcher.database, 60)
    with dispatcher.database.begin() as session:
        control_groups.save(session, ControlPolicy(percent=20), "operator:1", dispatcher.clock.now())
        out = control_groups.held_out("control:1", 20)
        drawn = set(session.scalars(select(Friend.id).where(out)))
    assert 0 < len(drawn) < 30
    first, second = send(dispatcher, run_jobs), send(dispatcher, run_jobs, holdout_percent=30)
    care = send(dispatcher, run_jobs, purpose=Purpose.CARE)
    own = {each for each in everybody if control_groups.is_held_out(each, f"broadcast:{second}", 30)}
    assert own - drawn
    for broadcast_id, kept_out in ((first, drawn), (second, drawn | own), (care, set[int]())):
        with dispatcher.database.reading() as session:
            of = Delivery.broadcast_id == broadcast_id, Delivery.reason == "control_group"
            assert set(session.scalars(select(Delivery.friend_id).where(*of))) == kept_out


def test_nobody_holds_out_more_than_half(sqlite: Database, clock: FakeClock) -> None:
    draft = Draft(name="x", content=HELLO, condition=EVERYONE, holdout_percent=51)
    with sqlite.begin() as session, pytest.raises(Invalid, match="holdout_invalid"):
        drafts.create(session, draft, now=clock.now(), by="operator:1")


def test_who_asked_for_no_offers_still_gets_care(dispatcher: Dispatcher, run_jobs: Run) -> None:
    (friend_id,) = friends(dispatcher.database, 1, offers_opted_out_at=dispatcher.clock.now())
    offer, care = send(dispatcher, run_jobs), send(dispatcher, run_jobs, purpose=Purpose.CARE)
    assert "販売のご案内の停止を希望されています" in why(dispatcher, friend_id, offer)[0]
    assert "受け付けました" in why(dispatcher, friend_id, care)[-1]


def test_a_friend_who_was_never_meant_is_told_by_the_condition(dispatcher: Dispatcher, run_jobs: Run) -> None:
    buyer, other = (friends(dispatcher.database, 1, facts={"purchase_count": count})[0] for count in (2, 0))
    sent = send(dispatcher, run_jobs, condition={"is": "purchase_count", "at_least": 1})
    assert "受け付けました" in why(dispatcher, buyer, sent)[-1]
    told = why(dispatcher, other, sent)
    assert "この友だちは入っていませんでした" in told[0]
    assert "対象外です。理由：「1回以上購入」にあてはまりません" in told[1]
    with dispatcher.database.reading() as session, pytest.raises(NotFound):
        decisions.why_broadcast(session, 10**9, sent, dispatcher.clock.now())


def test_a_complaint_starts_the_apology_and_taking_it_back_ends_it(
    dispatcher: Dispatcher, clock: FakeClock
) -> None:
    database = dispatcher.database
    first, second = friends(database, 2)
    with database.begin() as session:
        library.install(session, clock.now())
        for friend_id in (first, second):
            signals.complain(session, friend_id, clock.now())
        triggers.read_events(session, clock.now())
    with database.begin() as session:
        complaint = trust.history(session, second)[0].cause.removeprefix("complaint:")
        signals.withdraw_complaint(session, int(complaint), "operator:1", clock.now())
    clock.advance(timedelta(minutes=11))
    with database.begin() as session:
        scenarios.advance(session, clock.now())
    with database.reading() as session:
        waiting = list(session.scalars(select(Delivery.friend_id)))
        told = [each.ja for each in decisions.why_scenario(session, first, "apology", clock.now())]
        left = [each.ja for each in decisions.why_scenario(session, second, "apology", clock.now())]
    assert waiting == [first]
    assert "シナリオに入りました" in told[0]
    assert any("お詫び" in each for each in told)
    assert "終了" in left[-1]


def test_what_is_asked_of_a_scenario_nobody_entered_is_told(sqlite: Database, clock: FakeClock) -> None:
    with sqlite.begin() as session:
        library.install(session, clock.now())
        friend = a_friend(session)
        told = decisions.why_scenario(session, friend.id, "apology", clock.now())
        assert "シナリオに入っていません" in told[0].ja
        assert "Not included" in told[1].en
        with pytest.raises(NotFound, match="scenario_unknown"):
            decisions.why_scenario(session, friend.id, "nothing", clock.now())


def test_old_decisions_go(dispatcher: Dispatcher, run_jobs: Run, clock: FakeClock) -> None:
    friends(dispatcher.database, 3, blocked_at=clock.now())
    send(dispatcher, run_jobs)
    with dispatcher.database.begin() as session:
        assert decision_rows.prune(session, clock.now()) == 0
        clock.advance(decision_rows.KEPT_FOR + timedelta(days=1))
        assert decision_rows.prune(session, clock.now()) == 3
        assert decision_rows.prune(session, clock.now()) == 0


STORY = st.lists(st.sampled_from(("care", "sale", "tap", "complain", "wait", "policy")), max_size=14)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=STORY)
def test_the_balance_kept_is_what_all_that_happened_leads_to(
    dispatcher: Dispatcher, run_jobs: Run, clock: FakeClock, story: list[str]
) -> None:
    database = dispatcher.database
    # The same hour of a later day: policies of the story before must lie in the past.
    clock.set(A_SATURDAY + timedelta(days=(clock.now() - A_SATURDAY).days + 1))
    (friend_id,) = friends(database, 1)
    with database.begin() as session:
        trust_policy.save(session, trust_policy.TrustPolicy(), "operator:1", clock.now())
        free = ContactPolicy(Limits(week=40, month=40, sales_percent=100), {})
        contact_policy.save(session, free, "operator:1", clock.now())
    weight = 1
    for each in story:
        clock.advance(timedelta(minutes=7))
        with database.begin() as session:
            match each:
                case "tap":
                    signals.tapped(session, friend_id, clock.now())
                case "complain":
                    signals.complain(session, friend_id, clock.now())
                case "policy":
                    weight += 2
                    changed = trust_policy.TrustPolicy(sale=weight, care=weight, highest=15)
                    trust_policy.save(session, changed, "operator:1", clock.now())
                case _:
                    pass
        if each == "wait":
            clock.advance(timedelta(days=9))
        if each in {"care", "sale"}:
            purpose = Purpose.CARE if each == "care" else Purpose.SALES
            send(dispatcher, run_jobs, purpose=purpose, condition={"is": "friends", "ids": [friend_id]})
    with database.reading() as session:
        lines = trust_ledger.lines(session, friend_id)
        kept = trust.account_of(session.get_one(Facts, friend_id))
        assert trust_ledger.replayed(lines, trust_policy.rules(session)) == kept
