"""The next-product table, and what is suggested from it."""

from collections import Counter
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from segments import next_products, popular, recommending
from segments.db import Database
from segments.models import Friend, Product, ProductKind, PurchaseItem
from segments.next_steps import Pairs, Steps
from segments.purchase_sweep import Lines
from segments.recommending_words import Why, reason_words
from tests.builders import a_friend, a_product, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.buying_world import TOKYO, build

BOUGHT = st.sets(st.tuples(st.integers(1, 6), st.integers(1, 9), st.integers(0, 3)), max_size=40)
"""(friend, day, product)."""


def bought(session: Session, friend: Friend, at: datetime, *products: Product) -> None:
    """Record an order of these products, one each."""
    items = [
        PurchaseItem(line=number, product_id=product.id, quantity=1, amount_yen=product.price_yen)
        for number, product in enumerate(products, start=1)
    ]
    a_purchase(session, friend, bought_at=at, amount_yen=1000 * len(items), items=items)


def test_a_step_leads_to_the_first_other_product_of_a_later_day(database: Database) -> None:
    with database.begin() as session:
        tea, cup, pot = (a_product(session, code=code) for code in ("TEA", "CUP", "POT"))
        for days in (10, 9, 8):  # tea twice, then a cup; what comes after that is the cup's business
            bought(session, ann := a_friend(session), days_ago(days), tea)
            bought(session, ann, days_ago(days - 1), tea)
            bought(session, ann, days_ago(days - 2), cup)
            bought(session, ann, days_ago(days - 3), pot)
        bought(session, ben := a_friend(session), days_ago(5), tea, cup)  # together: no step between them
        bought(session, ben, days_ago(4), pot, cup)
        bought(session, a_friend(session), days_ago(5), tea)
        next_products.rebuild(session, TOKYO)
        after_tea = next_products.follows(session, tea.id)
        after_cup = next_products.follows(session, cup.id)
        after_pot = next_products.follows(session, pot.id)
    # Steps in all: tea→cup 4 (Ben's second cup counts: it is another product than tea), tea→pot 1, cup→pot 4.
    assert [(each.code, each.buyers, each.went_on) for each in after_tea] == [("CUP", 5, 4), ("POT", 5, 1)]
    assert [each.share for each in after_tea] == [0.8, 0.2]
    # To the cup lead 4 of the 5 steps that do not start from it; to the pot 5 of all 9.
    assert [each.lift for each in after_tea] == pytest.approx([(4 / 5) / (4 / 5), (1 / 5) / (5 / 9)])
    assert [(each.code, each.went_on) for each in after_cup] == [("POT", 4)]
    assert after_pot == []


@settings(deadline=None)
@given(BOUGHT, st.integers(1, 6))
def test_steps_are_those_found_by_going_through_every_friends_days(
    facts: set[tuple[int, int, int]], cut: int
) -> None:
    steps = Steps(4)
    for some in (
        [each for each in sorted(facts) if each[0] <= cut],
        [each for each in sorted(facts) if each[0] > cut],
    ):
        columns = np.array(some, np.int64).reshape(-1, 3).T
        steps.add(Lines(*columns))
    expected, buyers = _slowly(facts)
    pairs = steps.pairs()
    assert _counted(pairs) == expected
    assert steps.buyers.tolist() == [buyers[product] for product in range(4)]
    total = sum(expected.values())
    for (start, then), lift in zip(_counted(pairs), steps.lift(pairs).tolist(), strict=True):
        leaving = sum(n for (a, _), n in expected.items() if a == start)
        arriving = sum(n for (_, b), n in expected.items() if b == then)
        possible = total - sum(n for (a, _), n in expected.items() if a == then)
        assert lift == pytest.approx((expected[start, then] / leaving) / (arriving / possible))


@pytest.mark.parametrize("seed", range(3))
def test_the_table_is_the_one_found_order_by_order(database: Database, seed: int) -> None:
    with database.begin() as session:
        steps, buyers = build(session, seed).steps()
        rows = next_products.measure(session, TOKYO)
        assert next_products.rebuild(session, TOKYO) == len(rows)
        assert next_products.rebuild(session, TOKYO) == len(
            rows
        )  # a second night puts nothing beside the first
    found = {(row["product_id"], row["next_product_id"]): (row["went_on"], row["buyers"]) for row in rows}
    assert found == {pair: (number, buyers[pair[0]]) for pair, number in steps.items()}


def test_of_too_many_pairs_the_rarest_are_forgotten() -> None:
    steps = Steps(100, most_pairs=60)
    often = [(friend, day, day) for friend in range(1, 4) for day in (1, 2)]
    steps.add(Lines(*np.array(often, np.int64).T))
    wide = [(9, 1, 50), *((9, 2, product) for product in range(50) if product != 2)]
    for friend in (9, 10):
        steps.add(Lines(*np.array([(friend, day, product) for _, day, product in wide], np.int64).T))
    assert len(steps.pairs().product) == 50
    steps.add(Lines(*np.array([(11, 1, 60), *((11, 2, product) for product in range(40))], np.int64).T))
    # 90 pairs are too many: those seen once go, then there is room again.
    assert len(steps.pairs().product) == 50
    assert _counted(steps.pairs())[1, 2] == 3
    assert steps.leaving[60] == 40


def test_an_empty_shop_has_an_empty_table(database: Database) -> None:
    with database.begin() as session:
        assert next_products.rebuild(session, TOKYO) == 0
        tea = a_product(session)
        assert next_products.rebuild(session, TOKYO) == 0
        assert next_products.follows(session, tea.id) == []
        friend = a_friend(session)
        assert recommending.recommend(session, [friend.id], NOW) == {friend.id: []}


def test_suggestions_leave_out_what_is_owned_unavailable_a_trial_or_a_lesser_version(
    database: Database,
) -> None:
    with database.begin() as session:
        tea, cup, gone, trial, worse = (
            a_product(session, code="TEA", name="深蒸し茶"),
            a_product(session, code="CUP"),
            a_product(session, available=False),
            a_product(session, kind=ProductKind.TRIAL),
            a_product(session),
        )
        tea.upgrade_of_id = worse.id
        for _ in range(8):
            friend = a_friend(session)
            bought(session, friend, days_ago(9), tea)
            bought(session, friend, days_ago(5), cup, gone, trial, worse)
        for _ in range(17):
            bought(session, a_friend(session), days_ago(9), tea)
        bought(session, new := a_friend(session), days_ago(2), tea)
        bought(session, both := a_friend(session), days_ago(2), tea, cup)
        next_products.rebuild(session, TOKYO)
        found = recommending.recommend(session, [new.id, both.id], NOW)
        assert [each.product.code for each in found[new.id]] == ["CUP"]
        assert found[both.id] == []
        assert found[new.id][0].reason("ja") == "「深蒸し茶」を買った方の30%が次に選んでいます"
        assert found[new.id][0].reason("en") == "30% of those who bought 深蒸し茶 chose this next"


def test_an_upgrade_of_what_a_friend_has_is_suggested_and_says_so(database: Database) -> None:
    with database.begin() as session:
        tea = a_product(session, name="煎茶", name_en="Sencha")
        best = a_product(session, name="玉露", upgrade_of_id=tea.id, kind=ProductKind.PREMIUM)
        beyond = a_product(session, upgrade_of_id=best.id)
        bought(session, friend := a_friend(session), days_ago(2), tea)
        found = recommending.recommend(session, [friend.id], NOW)[friend.id]
        assert [each.product.id for each in found] == [best.id]
        assert beyond.id not in {each.product.id for each in found}
        assert (found[0].why, found[0].reason("ja"), found[0].reason("en")) == (
            Why.UPGRADE,
            "「煎茶」の上位版です",
            "a better version of Sencha",
        )


def test_who_has_bought_nothing_is_shown_what_is_popular_lately(database: Database) -> None:
    with database.begin() as session:
        old, tea, cup = (a_product(session) for _ in range(3))
        for _ in range(3):
            bought(session, a_friend(session), days_ago(200), old)
            bought(session, a_friend(session), days_ago(20), tea)
        bought(session, a_friend(session), days_ago(20), cup)
        popular.keep(session, popular.measure(session, NOW), NOW)
        new = a_friend(session)
        found = recommending.recommend(session, [new.id], NOW)[new.id]
        assert [(each.product.id, each.why, each.went_on) for each in found] == [
            (tea.id, Why.POPULAR, 3),
            (cup.id, Why.POPULAR, 1),
        ]
        assert [each.product.id for each in recommending.recommend(session, [new.id], NOW, 1)[new.id]] == [
            tea.id
        ]


def test_one_friend_alone_is_no_evidence_and_a_full_refund_none_at_all(database: Database) -> None:
    with database.begin() as session:
        tea, cup, pot = (a_product(session) for _ in range(3))
        bought(session, one := a_friend(session), days_ago(300), tea)
        bought(session, one, days_ago(299), cup)
        for _ in range(3):
            bought(session, back := a_friend(session), days_ago(300), tea)
            items = [PurchaseItem(line=1, product_id=pot.id, quantity=1, amount_yen=1000)]
            a_purchase(
                session, back, bought_at=days_ago(200), refunded_at=NOW, refunded_yen=1000, items=items
            )
        bought(session, friend := a_friend(session), days_ago(290), tea)
        next_products.rebuild(session, TOKYO)
        assert [each.product_id for each in next_products.follows(session, tea.id)] == [cup.id]
        assert recommending.recommend(session, [friend.id], NOW) == {friend.id: []}


def test_a_thin_count_weighs_less_than_the_same_share_of_many() -> None:
    assert recommending.weight(2, 2, 5.0) < recommending.weight(50, 100, 5.0)
    assert recommending.weight(50, 100, 1.0) < recommending.weight(50, 100, 2.0)


def test_a_share_of_few_buyers_is_not_told_as_a_percentage() -> None:
    assert reason_words(Why.NEXT, "茶", 3, 9, "ja") == "「茶」を買った方が次に選んでいます"
    assert reason_words(Why.NEXT, "茶", 3, 10, "ja") == "「茶」を買った方の30%が次に選んでいます"
    assert reason_words(Why.NEXT, "tea", 1, 1000, "en") == "chosen next by those who bought tea"


def test_days_are_those_of_the_shop(database: Database) -> None:
    with database.begin() as session:
        tea, cup = (a_product(session) for _ in range(2))
        friend = a_friend(session)
        late = NOW.replace(hour=14, minute=59)  # 23:59 in Tokyo
        bought(session, friend, late, tea)
        bought(session, friend, late + timedelta(minutes=1), cup)
        next_products.rebuild(session, TOKYO)
        assert [each.product_id for each in next_products.follows(session, tea.id)] == [cup.id]


def _counted(pairs: Pairs) -> dict[tuple[int, int], int]:
    columns = (each.tolist() for each in pairs)
    return {(start, then): number for start, then, number in zip(*columns, strict=True)}


def _slowly(facts: set[tuple[int, int, int]]) -> tuple[dict[tuple[int, int], int], Counter[int]]:
    steps, buyers = Counter[tuple[int, int]](), Counter[int]()
    for friend in {friend for friend, _, _ in facts}:
        own = {(day, product) for each, day, product in facts if each == friend}
        for product in {product for _, product in own}:
            buyers[product] += 1
            first = min(day for day, each in own if each == product)
            later = [day for day, each in own if day > first and each != product]
            steps.update(
                (product, each) for day, each in own if later and day == min(later) and each != product
            )
    return steps, buyers
