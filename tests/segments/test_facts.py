"""Facts: kept as they are learned, they are what a rebuild from scratch gives."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, select, update
from sqlalchemy.orm import Session

from segments import coupons, facts, friends, policies, referrals, signals
from segments.cycle import CycleParams
from segments.db import Database
from segments.errors import NotFound
from segments.models import (
    CustomerEvent,
    Cycle,
    EventKind,
    Facts,
    Friend,
    Purchase,
    PurchaseItem,
    StageChange,
)
from tests.builders import a_friend, a_product, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY as NOW

DAY = timedelta(days=1)


def buy(session: Session, friend: Friend, at: datetime, category: str = "tea", **values: Any) -> int:
    """Add a purchase with one item and learn from it; return its id."""
    product = a_product(session, category=category)
    purchase = a_purchase(session, friend, bought_at=at, **values)
    session.add(PurchaseItem(purchase=purchase, line=1, product_id=product.id, quantity=1, amount_yen=1000))
    facts.learn_purchases(session, friend.id, NOW)
    return purchase.id


def row(session: Session, friend_id: int) -> dict[str, Any]:
    """Return a friend's facts as they stand in the database."""
    kept = session.scalars(
        select(Facts).where(Facts.friend_id == friend_id).execution_options(populate_existing=True)
    ).one()
    return {column.key: getattr(kept, column.key) for column in inspect(Facts).column_attrs}


def cycles(session: Session, friend_id: int) -> dict[str, tuple[Any, ...]]:
    """Return a friend's cycle rows by category."""
    rows = session.execute(select(*Cycle.__table__.c).where(Cycle.friend_id == friend_id))
    return {each.category: tuple(each) for each in rows}


def test_a_purchase_is_learned_with_its_stage_its_cycle_and_its_news(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        buy(session, friend, days_ago(40))
        buy(session, friend, days_ago(9), amount_yen=3000)
        kept = row(session, friend.id)
        assert (kept["purchase_count"], kept["full_price_count"], kept["spend_yen"]) == (2, 2, 4000)
        assert (kept["first_purchase_at"], kept["last_purchase_at"]) == (days_ago(40), days_ago(9))
        assert (kept["stage"], kept["stage_reason"]) == ("existing", "full_price")
        assert set(cycles(session, friend.id)) == {"", "tea"}
        changes = session.scalars(select(StageChange).order_by(StageChange.id)).all()
        assert [(one.ladder, one.from_stage, one.to_stage, one.reason) for one in changes] == [
            ("pyramid", "aware", "existing", "full_price"),
            ("growth", None, "purchaser", "bought_first"),
            ("class", "lead", "new", "bought_once_or_more"),
            ("status", None, "due", "past_due"),
            ("status", "due", "active", "within_cycle"),
        ]
        news = session.scalars(select(CustomerEvent).order_by(CustomerEvent.id)).all()
        assert [(one.payload["ladder"], one.payload["to"]) for one in news] == [
            ("pyramid", "existing"),
            ("growth", "purchaser"),
            ("class", "new"),
        ]
        assert news[0].payload == {
            "ladder": "pyramid",
            "from": "aware",
            "to": "existing",
            "reason": "full_price",
        }
        overall = session.get_one(Cycle, (friend.id, ""))
        assert (kept["review_at"], overall.n) == (overall.due_at, 1)


def test_trial_purchases_alone_make_a_trial_customer(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        buy(session, friend, days_ago(2), is_trial=True)
        assert row(session, friend.id)["stage"] == "trial"
        buy(session, friend, days_ago(1))
        assert row(session, friend.id)["stage"] == "existing"


def test_a_full_refund_takes_the_friend_back_down_and_its_cycle_away(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        signals.claim_free_item(session, friend.id, days_ago(5))
        buy(session, friend, days_ago(2), refunded_at=NOW, refunded_yen=1000)
        kept = row(session, friend.id)
        assert (kept["stage"], kept["purchase_count"], cycles(session, friend.id)) == ("prospect", 0, {})


def test_a_partial_refund_lowers_what_was_spent(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        buy(session, friend, days_ago(2), refunded_at=NOW, refunded_yen=400)
        assert (row(session, friend.id)["spend_yen"], row(session, friend.id)["stage"]) == (600, "existing")


def test_three_purchases_within_the_year_make_a_regular_who_is_reviewed_when_they_leave_it(
    database: Database,
) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        for days in (90, 60, 30):
            buy(session, friend, days_ago(days))
        kept = row(session, friend.id)
        assert (kept["stage"], kept["regular_until"]) == ("regular", days_ago(90) + 365 * DAY)
        cycle = session.get_one(Cycle, (friend.id, ""))
        ahead = [at for at in (cycle.due_at, cycle.slip_at, cycle.lapse_at, kept["regular_until"]) if at]
        assert kept["review_at"] == min(at for at in ahead if at > NOW)


def test_a_trial_offer_that_ended_suppresses_until_the_friend_buys(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        signals.claim_free_item(session, friend.id, days_ago(20))
        signals.offer_trial(session, friend.id, days_ago(3), days_ago(10))
        assert row(session, friend.id)["review_at"] == days_ago(3)
        facts.refresh(session, friend.id, days_ago(3))
        kept = row(session, friend.id)
        assert (kept["stage"], kept["suppressed_at"]) == ("exit", days_ago(3))
        buy(session, friend, days_ago(1), is_trial=True)
        kept = row(session, friend.id)
        assert (kept["stage"], kept["suppressed_at"]) == ("trial", None)
        told = session.scalars(select(CustomerEvent.kind).order_by(CustomerEvent.id)).all()
        assert told.count(EventKind.TRIAL_OFFER_ENDED) == 1


def test_the_first_claim_stays_and_is_news_once(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        assert signals.claim_free_item(session, friend.id, days_ago(5))
        assert not signals.claim_free_item(session, friend.id, days_ago(1))
        assert row(session, friend.id)["free_item_claimed_at"] == days_ago(5)
        claims = select(CustomerEvent).where(CustomerEvent.kind == EventKind.FREE_ITEM_CLAIMED)
        assert len(session.scalars(claims).all()) == 1


def test_reactions_are_counted(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        signals.wrote(session, friend.id, days_ago(1))
        signals.tapped(session, friend.id, days_ago(3))
        kept = row(session, friend.id)
        assert (kept["message_count"], kept["tap_count"], kept["last_reaction_at"]) == (1, 1, days_ago(1))


def test_many_friends_are_learned_as_one_is(database: Database) -> None:
    with database.begin() as session:
        each = [a_friend(session) for _ in range(5)]
        for number, friend in enumerate(each):
            for days in range(number):
                a_purchase(session, friend, bought_at=days_ago(30 * days + 1))
        ids = [friend.id for friend in each]
        facts.learn_purchases_many(session, ids, NOW)
        together = [(row(session, one), cycles(session, one)) for one in ids]
        for one in ids:
            facts.learn_purchases(session, one, NOW)
        assert [(row(session, one), cycles(session, one)) for one in ids] == together
        assert [kept["stage"] for kept, _ in together][-1] == "regular"


def test_the_past_is_learned_without_making_news(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        a_purchase(session, friend, bought_at=days_ago(20))
        facts.learn_purchases(session, friend.id, NOW, announce=False)
        assert session.scalars(select(CustomerEvent)).all() == []
        ladders = {"pyramid", "growth", "class", "status"}
        assert set(session.scalars(select(StageChange.ladder))) == ladders


def test_a_friend_imported_without_facts_gets_them(database: Database) -> None:
    with database.begin() as session:
        friend = Friend(created_at=NOW, member_number="1")
        session.add(friend)
        session.flush()
        a_purchase(session, friend)
        facts.learn_purchases(session, friend.id, NOW)
        assert row(session, friend.id)["stage"] == "existing"


def test_an_unknown_friend_is_refused(database: Database) -> None:
    with pytest.raises(NotFound, match="friend_unknown"), database.begin() as session:
        facts.refresh(session, 404, NOW)


def test_new_parameters_move_dates_but_do_not_remind_twice(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        for days in (90, 60, 30):
            buy(session, friend, days_ago(days))
        cycle = session.get_one(Cycle, (friend.id, ""))
        cycle.reminded_at, before = NOW, cycle.due_at
        policies.save_cycle_params(session, CycleParams(m=5.0), "operator:1", NOW)
        assert row(session, friend.id)["review_at"] == NOW
        facts.learn_purchases(session, friend.id, NOW)
        session.refresh(cycle)
        assert cycle.due_at != before
        assert cycle.reminded_at == NOW


def test_a_reminder_whose_day_was_over_when_the_purchase_became_known_is_not_raised(
    database: Database,
) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        for days in (460, 430, 400):
            buy(session, friend, days_ago(days))
        assert session.get_one(Cycle, (friend.id, "")).reminded_at == NOW


def test_two_purchases_recorded_at_once_are_both_counted(database: Database) -> None:
    with database.begin() as session:
        friend_id = a_friend(session).id

    def record(number: int) -> None:
        with database.begin() as session:
            friend = session.get_one(Friend, friend_id)
            a_purchase(session, friend, order_id=f"at-once-{number}")
            facts.learn_purchases(session, friend_id, NOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(record, range(8)))
    with database.reading() as session:
        assert row(session, friend_id)["purchase_count"] == 8


happenings = st.lists(
    st.tuples(
        st.sampled_from(
            ["buy", "buy", "buy", "trial", "late", "refund", "claim", "offer", "yes", "no", "wrote"]
        ),
        st.integers(0, 40),
        st.sampled_from(["", "tea", "cups"]),
    ),
    max_size=12,
)


def live(session: Session, friend: Friend, story: list[tuple[str, int, str]]) -> datetime:
    """Let a story happen to a friend, day by day; return the moment it ends."""
    now, orders = days_ago(200), list[int]()
    for what, days, category in story:
        now += days * DAY
        match what:
            case "buy" | "trial" | "late":
                at = now - 30 * DAY if what == "late" else now
                orders.append(buy(session, friend, at, category, is_trial=what == "trial"))
            case "refund" if orders:
                session.execute(_refund(orders.pop(), now))
                facts.learn_purchases(session, friend.id, now)
            case "claim":
                signals.claim_free_item(session, friend.id, now)
            case "offer":
                signals.offer_trial(session, friend.id, now + 7 * DAY, now)
            case "yes" | "no":
                signals.answer_satisfaction(session, friend.id, what == "yes", now)
            case _:
                signals.wrote(session, friend.id, now)
    return now


def _refund(purchase_id: int, now: datetime) -> Any:
    return update(Purchase).where(Purchase.id == purchase_id).values(refunded_at=now, refunded_yen=1000)


def test_what_is_kept_equals_what_a_rebuild_gives(database: Database) -> None:
    @given(happenings)
    @settings(deadline=None, max_examples=25)
    def holds(story: list[tuple[str, int, str]]) -> None:
        with database.begin() as session:
            friend = a_friend(session)
            now = live(session, friend, story)
            facts.refresh(session, friend.id, now)
            kept = row(session, friend.id), cycles(session, friend.id)
            facts.rebuild(session, friend.id, now)
            assert (row(session, friend.id), cycles(session, friend.id)) == kept

    holds()


def test_the_first_purchase_rewards_both_sides_of_a_referral_once(database: Database) -> None:
    with database.begin() as session:
        referrer, newcomer = a_friend(session), a_friend(session)
        referrals.enter(session, newcomer, referrals.code_of(session, referrer), days_ago(2))
        buy(session, newcomer, days_ago(1))
        buy(session, newcomer, NOW)
        assert [one.key for one in coupons.held(session, newcomer.id, NOW)] == ["referral_newcomer"]
        assert [one.key for one in coupons.held(session, referrer.id, NOW)] == ["referral_referrer"]
        assert row(session, referrer.id)["referral_count"] == 1


def test_following_moves_from_known_to_followed_without_a_change_of_stage(database: Database) -> None:
    with database.begin() as session:
        friend = friends.ensure(session, "Unew", NOW)
        assert row(session, friend.id)["stage_reason"] == "known"
        friends.follow(session, friend, NOW)
        assert row(session, friend.id)["stage_reason"] == "followed"
        on_pyramid = select(StageChange.to_stage).where(StageChange.ladder == "pyramid")
        assert session.scalars(on_pyramid).all() == ["aware"]
        assert row(session, friend.id)["customer_class"] == "lead"
