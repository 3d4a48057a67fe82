"""Time alone: whoever a condition newly means, or no longer means, is among the friends it names by itself."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import condition_edges, condition_known
from segments import condition_leaves as leaf
from segments.compiler import compile as compile_condition
from segments.conditions import All, Condition
from segments.cycle import CycleStatus
from segments.db import Database
from segments.leaves.scores import Scores
from segments.models import Facts, Friend
from segments.stages import Stage
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.condition_trees import strategies, trees
from tests.segments.condition_world import World

TOKYO = ZoneInfo("Asia/Tokyo")
passing = st.sampled_from([1, 40, 60 * 8, 60 * 24, 60 * 24 * 3, 60 * 24 * 40]).map(
    lambda m: timedelta(minutes=m)
)
begins = st.sampled_from([-9000, -2000, -600, -300, -1, 0, 570, 571]).map(
    lambda m: NOW + timedelta(minutes=m)
)


def meant(session: Session, condition: Condition, now: datetime) -> set[int]:
    known = condition_known.load(session, condition)
    query = select(Friend.id).join(Facts, Facts.friend_id == Friend.id)
    return set(session.scalars(query.where(compile_condition(condition, now, TOKYO, known))))


def named(session: Session, condition: Condition, since: datetime, until: datetime) -> set[int]:
    known = condition_known.load(session, condition)
    edges = condition_edges.moved(condition, since, until, TOKYO, known)
    return {friend_id for edge in edges for friend_id in session.scalars(edge)}


def test_whoever_changes_sides_is_named(database: Database) -> None:
    with database.begin() as session:
        world = World(session)
        some = tuple(one.id for one in world.friends[:5])

    def check(condition: Condition, since: datetime, time: timedelta) -> None:
        until = since + time
        with database.reading() as session:
            moved = meant(session, condition, since) ^ meant(session, condition, until)
            assert moved <= named(session, condition, since, until)

    for strategy in strategies(some, world.audience_id).values():
        settings(deadline=None, max_examples=10)(given(strategy, begins, passing)(check))()
    whole = given(trees(some, world.audience_id, world.segment_id), begins, passing)(check)
    settings(deadline=None, max_examples=40)(whole)()


IN_STAGE = leaf.InStage(stages=[Stage.TRIAL])
RECENT = leaf.LastPurchase(within_days=30)


@pytest.mark.parametrize("condition", [IN_STAGE, leaf.PurchaseCount(at_least=1), All(of=[]), leaf.Blocked()])
def test_what_time_does_not_change_names_nobody(condition: Condition) -> None:
    assert condition_edges.moved(condition, NOW, NOW + timedelta(days=400), TOKYO) == []


def test_days_of_the_calendar_change_at_midnight_alone() -> None:
    midnight = datetime(2026, 11, 22, tzinfo=TOKYO)
    assert condition_edges.moved(RECENT, NOW, midnight - timedelta(seconds=1), TOKYO) == []
    assert len(condition_edges.moved(RECENT, NOW, midnight, TOKYO)) == 1


def test_only_those_whose_day_came_are_named(database: Database) -> None:
    with database.begin() as session:
        leaving = a_friend(session, facts={"last_purchase_at": days_ago(29)})
        a_friend(session, facts={"last_purchase_at": days_ago(28)})
        a_friend(session, facts={"last_purchase_at": days_ago(31)})
        a_friend(session)
        assert named(session, RECENT, NOW, NOW + timedelta(days=1)) == {leaving.id}


MANY = {
    "friends": leaf.Followed(within_days=3),
    "facts": leaf.LastReaction(before_days=3),
    "purchases": leaf.Bought(within_days=3),
    "cycles": leaf.InCycle(statuses=[CycleStatus.SLIPPING], category="tea"),
    "coupon_grants": leaf.HasCoupon(),
    "friend_tags": leaf.Tagged(names=["vip"], within_days=3),
    "link_taps": leaf.Tapped(links=["shop"], within_days=3),
    "survey_answers": leaf.Answered(question="taste", within_days=3),
    "stage_changes": leaf.StageChanged(within_days=3),
}


@pytest.mark.parametrize(
    "condition",
    [
        *MANY.values(),
        leaf.FirstPurchase(before_days=3),
        leaf.LastContacted(before_days=14, or_never=True),
        leaf.Complained(within_days=3),
        leaf.Subscribed(),
        leaf.InRfm(recency=Scores(at_least=4)),
        leaf.DueWithin(days=3),
        leaf.Overdue(days=3, category="tea"),
        leaf.CouponExpiring(days=3),
        leaf.UsedCoupon(within_days=3),
        leaf.BirthdayWithin(days=7),
        leaf.Age(at_least=20),
    ],
    ids=lambda one: one.kind,
)
def test_whom_time_moves_is_found_by_an_index(sqlite: Database, condition: leaf.Leaf) -> None:
    with sqlite.reading() as session:
        edges = condition_edges.moved(condition, NOW, NOW + timedelta(days=1), TOKYO)
        assert edges
        for edge in edges:
            assert "SCAN" not in plan(session, edge)


def plan(session: Session, query: Any) -> str:
    """Return how SQLite goes about a query; SCAN means that it looks at every row."""
    written = str(query.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
    rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {written}")
    return "; ".join(str(row[3]) for row in rows)
