"""RFM scores, deciles and loyalty."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments import deciles, favourites, policies, rfm
from segments.db import Database
from segments.errors import Invalid
from segments.rfm_cuts import SCORES, Deciles, Loyalty, RfmPolicy, Scores, decile_of, decile_range, scores_of
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.buying_world import build

CUTS = st.lists(st.integers(2, 3000), min_size=4, max_size=4, unique=True).map(sorted)
SPENDS = st.lists(st.integers(0, 50), min_size=1, max_size=60)


def test_a_friend_who_bought_lately_often_and_much_scores_five_three_times() -> None:
    policy = RfmPolicy()
    assert scores_of(days_ago(3), 12, 120_000, policy, NOW) == Scores(5, 5, 5)
    assert scores_of(days_ago(100), 4, 9_999, policy, NOW) == Scores(3, 3, 1)
    assert scores_of(days_ago(365), 1, 0, policy, NOW) == Scores(1, 1, 1)
    assert scores_of(None, 0, 0, policy, NOW) is None


def test_a_score_changes_exactly_at_its_cut() -> None:
    policy, moment = RfmPolicy(), timedelta(microseconds=1)
    assert scores_of(NOW - timedelta(days=30) + moment, 2, 10_000, policy, NOW) == Scores(5, 2, 2)
    assert scores_of(NOW - timedelta(days=30), 1, 9_999, policy, NOW) == Scores(4, 1, 1)


@given(CUTS, st.integers(0, 4000 * 24), st.integers(1, 4000), st.integers(0, 4000))
def test_a_value_lies_in_the_range_of_its_score_and_in_no_other(
    cuts: list[int], hours: int, purchases: int, yen: int
) -> None:
    policy = RfmPolicy(tuple(cuts), tuple(cuts), tuple(cuts))
    last = NOW - timedelta(hours=hours)
    scores = scores_of(last, purchases, yen, policy, NOW)
    assert scores is not None
    for score in SCORES:
        after, until = rfm.recency_range(score, cuts, NOW)
        assert ((after is None or last > after) and (until is None or last <= until)) == (
            score == scores.recency
        )
        assert _inside(purchases, rfm.count_range(score, cuts)) == (score == scores.frequency)
        assert _inside(yen, rfm.spend_range(score, cuts)) == (score == scores.monetary)


@given(SPENDS)
def test_a_decile_is_told_by_how_many_spent_more(spends: list[int]) -> None:
    counted = [(yen, spends.count(yen)) for yen in sorted(set(spends), reverse=True)]
    bounds = deciles.bounds_of(counted, len(spends))
    assert len(bounds) == 9
    for yen in spends:
        expected = 1 + 10 * sum(other > yen for other in spends) // len(spends)
        assert decile_of(yen, bounds) == expected
        assert [n for n in range(1, 11) if _inside(yen, decile_range(n, bounds))] == [expected]


def test_ten_buyers_are_a_decile_each_and_three_stand_in_the_first_fourth_and_seventh() -> None:
    ten = deciles.bounds_of([(yen, 1) for yen in range(1000, 0, -100)], 10)
    assert [decile_of(yen, ten) for yen in range(1000, 0, -100)] == list(range(1, 11))
    three = deciles.bounds_of([(300, 1), (200, 1), (100, 1)], 3)
    assert [decile_of(yen, three) for yen in (300, 200, 100)] == [1, 4, 7]


def test_without_buyers_nobody_is_in_a_decile() -> None:
    assert deciles.bounds_of([], 0) == ()
    assert decile_of(100, ()) is None
    assert not any(_inside(yen, decile_range(n, ())) for yen in (0, 1, 10**9) for n in range(1, 11))


@pytest.mark.parametrize(
    "wrong",
    [
        {"recency_days": [30, 90, 180]},
        {"recency_days": [30, 30, 180, 365]},
        {"recency_days": [90, 30, 180, 365]},
        {"recency_days": [30, 90, 180, 4000]},
        {"purchase_counts": [1, 3, 5, 10]},
        {"spend_yen": [0, 3, 5, 10]},
        {"spend_yen": [1.5, 3, 5, 10]},
        {"spend_yen": [True, 3, 5, 10]},
        {"spend_yen": "1234"},
        {"loyal_purchases": 0},
        {"loyal_purchases": [3]},
        {"deciles": []},
        {"colour": 3},
    ],
)
def test_cuts_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        RfmPolicy.from_json(wrong)
    assert refused.value.params == {"field": next(iter(wrong))}


def test_a_policy_survives_being_written_as_json() -> None:
    policy = RfmPolicy((1, 2, 3, 4), (2, 3, 4, 5), (5, 6, 7, 8), 9)
    assert RfmPolicy.from_json(policy.to_json()) == policy


def test_cuts_and_deciles_are_kept_apart_and_come_together(database: Database) -> None:
    own = RfmPolicy(recency_days=(7, 14, 21, 28))
    with database.begin() as session:
        assert rfm.load(session) == RfmPolicy()
        for yen in (500, 500, 200):
            a_friend(session, facts={"purchase_count": 1, "spend_yen": yen})
        a_friend(session)
        rfm.save(session, own, "operator:1", NOW)
        kept = deciles.keep(session, NOW)
    with database.reading() as session:
        loaded = rfm.load(session)
    assert kept.buyers == 3
    assert kept.bounds == (500,) * 6 + (200,) * 3
    assert (loaded.recency_days, loaded.deciles) == (own.recency_days, kept)
    assert kept.day is not None
    assert kept.day.isoformat() == "2026-11-21"


def test_the_decile_table_adds_up(database: Database) -> None:
    with database.begin() as session:
        for yen in (1000, 600, 300, 100, 0):
            a_friend(session, facts={"purchase_count": 1, "spend_yen": yen})
        rows = deciles.table(session, deciles.measure(session, NOW))
    filled = [
        (row.decile, row.buyers, row.yen, row.share, row.cumulative_share) for row in rows if row.buyers
    ]
    assert filled == [
        (1, 1, 1000, 0.5, 0.5),
        (3, 1, 600, 0.3, 0.8),
        (5, 1, 300, 0.15, 0.95),
        (7, 1, 100, 0.05, 1.0),
        (9, 1, 0, 0.0, 1.0),
    ]
    assert len(rows) == 10
    assert rows[0].average_yen == 1000
    assert rows[1].average_yen == 0


def test_a_shop_without_buyers_has_no_decile_table(database: Database) -> None:
    with database.begin() as session:
        a_friend(session)
        assert deciles.table(session, deciles.measure(session, NOW)) == []
        assert rfm.table(session, RfmPolicy(), NOW) == []
        assert [group.buyers for group in favourites.loyalty_groups(session, RfmPolicy())] == [0, 0]


@pytest.mark.parametrize("seed", range(3))
def test_the_rfm_table_counts_what_scores_say_one_by_one(database: Database, seed: int) -> None:
    policy = RfmPolicy(purchase_counts=(3, 6, 9, 12), spend_yen=(3000, 6000, 9000, 12000))
    with database.begin() as session:
        histories = build(session, seed).histories().values()
        cells = rfm.table(session, policy, NOW)
    expected: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for history in histories:
        yen = sum(order.yen - order.refunded for order in history)
        scores = scores_of(history[-1].at, len(history), yen, policy, NOW)
        assert scores is not None
        expected.setdefault(scores[:2], []).append((yen, scores.monetary))
    assert {(cell.recency, cell.frequency) for cell in cells} == expected.keys()
    for cell in cells:
        yens, scores = zip(*expected[cell.recency, cell.frequency], strict=True)
        assert (cell.buyers, cell.yen) == (len(yens), sum(yens))
        assert cell.monetary == pytest.approx(sum(scores) / len(scores))


def test_loyal_is_who_bought_often_enough_and_has_not_lapsed(database: Database) -> None:
    policy = RfmPolicy(loyal_purchases=3)
    cases = (
        (3, "active", Loyalty.LOYAL),
        (3, "lapsed", Loyalty.CASUAL),
        (2, "due", Loyalty.CASUAL),
        (0, "", None),
    )
    with database.begin() as session:
        for purchases, status, expected in cases:
            assert rfm.loyalty_of(purchases, status, policy) is expected
            known = {"purchase_count": purchases, "purchase_status": status, "spend_yen": 1000 * purchases}
            a_friend(session, facts=known)
        groups = favourites.loyalty_groups(session, policy)
    assert [(each.loyalty, each.buyers, each.purchases, each.yen) for each in groups] == [
        (Loyalty.LOYAL, 1, 3, 3000),
        (Loyalty.CASUAL, 2, 5, 5000),
    ]


def test_a_policy_without_cuts_of_its_own_keeps_the_defaults(database: Database) -> None:
    with database.begin() as session:
        policies.save(session, rfm.POLICY, {"loyal_purchases": 5}, "operator:1", NOW)
        assert rfm.load(session) == RfmPolicy(loyal_purchases=5, deciles=Deciles())


def test_favourite_categories_come_by_what_was_spent(database: Database) -> None:
    with database.begin() as session:
        world = build(session, 7)
        friend, history = next(iter(world.histories().items()))
        found = favourites.favourite_categories(session, friend, 10)
    expected: dict[str, list[tuple[str, int]]] = {}
    for order in history:
        for line in order.lines:
            kept = line.yen * (order.yen - order.refunded) // order.yen if order.yen else 0
            expected.setdefault(world.categories[line.product], []).append((str(order.day()), kept))
    expected.pop("", None)
    assert {each.category: (each.yen, each.days) for each in found} == {
        name: (sum(yen for _, yen in bought), len({day for day, _ in bought}))
        for name, bought in expected.items()
    }
    assert [each.yen for each in found] == sorted((each.yen for each in found), reverse=True)


def _inside(value: int, limits: tuple[int, int | None]) -> bool:
    at_least, at_most = limits
    return value >= at_least and (at_most is None or value <= at_most)
