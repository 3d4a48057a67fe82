"""Trying thresholds: a trial counts the moves that saving them then makes, and writes nothing."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from segments import facts, policies, policy_trial, review
from segments.db import Database
from segments.errors import Invalid
from segments.ladder_policies import ClassPolicy, GrowthPolicy, StagePolicy
from segments.ladders import LadderName
from segments.models import CustomerEvent, Facts, Friend, Policy, Product, PurchaseItem, StageChange
from segments.policies import AnyLadderPolicy
from tests.builders import a_friend, a_product, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY as NOW

DAY = timedelta(days=1)


def a_shop(session: Session, friends: int = 30) -> list[Friend]:
    """Add friends who bought this and that in the last two years, and some who did not."""
    rng = Random(7)
    products = [
        a_product(session, category="tea", subscription_days=30),
        a_product(session, category="tea"),
        a_product(session, category="cups", settling_count=3),
        a_product(session),
    ]
    everybody = [a_friend(session, facts=_reactions(rng)) for _ in range(friends)]
    for friend in everybody:
        for _ in range(rng.choice((0, 1, 2, 4, 8))):
            _order(session, friend, rng, products)
    facts.learn_purchases_many(session, [friend.id for friend in everybody], NOW)
    return everybody


def _reactions(rng: Random) -> dict[str, Any]:
    return {
        "tap_count": rng.randrange(6),
        "last_reaction_at": days_ago(rng.randrange(120)),
        "referral_count": rng.randrange(2),
    }


def _order(session: Session, friend: Friend, rng: Random, products: list[Product]) -> None:
    refund = rng.random() < 0.1
    purchase = a_purchase(
        session,
        friend,
        bought_at=days_ago(rng.randrange(1, 730)),
        amount_yen=rng.randrange(500, 9000),
        is_trial=rng.random() < 0.2,
        **({"refunded_at": NOW, "refunded_yen": 400} if refund else {}),
    )
    product = rng.choice(products)
    line = PurchaseItem(
        purchase=purchase, line=1, product_id=product.id, quantity=1, amount_yen=purchase.amount_yen
    )
    session.add(line)


def reviewed(database: Database) -> None:
    """Let reviews run until none is due."""
    while True:
        with database.begin() as session:
            if not review.review_due(session, NOW):
                return


CHANGES: list[AnyLadderPolicy] = [
    StagePolicy(regular_purchases=5),
    StagePolicy(regular_purchases=1, regular_window_days=30),
    StagePolicy(regular_spend_yen=5000),
    StagePolicy(lapse_days_without_cycle=1),
    GrowthPolicy(settling_purchases=1),
    GrowthPolicy(subscription_grace=5.0, member_days=0),
    GrowthPolicy(reaction_days=10, reactions=1, related_products=2, referrals=9),
    ClassPolicy(loyal_purchases=2, loyal_days=30),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{type(change).__name__}")
def test_a_trial_counts_the_moves_that_saving_makes(database: Database, change: AnyLadderPolicy) -> None:
    with database.begin() as session:
        a_shop(session)
    with database.reading() as session:
        trial = policy_trial.try_out(session, change, NOW)
        last = session.scalar(select(func.max(StageChange.id))) or 0
        buyers = session.scalar(select(func.count()).where(Facts.purchase_count > 0))
    assert trial.buyers == buyers
    with database.begin() as session:
        policies.save_ladder_policy(session, change, "operator:1", NOW)
    reviewed(database)
    with database.reading() as session:
        made = session.scalars(select(StageChange).where(StageChange.id > last)).all()
    moves: dict[LadderName, Counter[tuple[str, str]]] = {}
    for one in made:
        counted = moves.setdefault(LadderName(one.ladder), Counter())
        counted[one.from_stage or "", one.to_stage] += 1
    assert trial.moves == moves
    assert trial.moved == len({one.friend_id for one in made})


def test_most_of_the_changes_tried_move_somebody(sqlite: Database) -> None:
    with sqlite.begin() as session:
        a_shop(session)
    with sqlite.reading() as session:
        moved = [policy_trial.try_out(session, change, NOW).moved for change in CHANGES]
    assert sum(number > 0 for number in moved) >= len(CHANGES) - 1


def test_a_trial_in_small_batches_is_the_same_and_tells_how_far_it_is(sqlite: Database) -> None:
    with sqlite.begin() as session:
        a_shop(session)
    heard: list[int] = []
    with sqlite.reading() as session:
        whole = policy_trial.try_out(session, GrowthPolicy(settling_purchases=1), NOW)
        again = policy_trial.try_out(session, GrowthPolicy(settling_purchases=1), NOW, heard.append, batch=4)
    assert again == whole
    assert heard[:2] == [4, 8]
    assert heard[-1] == whole.buyers


def test_a_trial_writes_nothing_and_the_policy_in_force_moves_nobody(database: Database) -> None:
    with database.begin() as session:
        a_shop(session, friends=8)
        reviews = session.execute(select(Facts.friend_id, Facts.review_at)).all()
        rows = session.scalar(select(func.count(CustomerEvent.id)))
    with database.reading() as session:
        trial = policy_trial.try_out(session, StagePolicy(), NOW)
        assert (trial.moved, trial.moves) == (0, {})
        policy_trial.try_out(session, StagePolicy(regular_purchases=1), NOW)
    with database.reading() as session:
        assert session.execute(select(Facts.friend_id, Facts.review_at)).all() == reviews
        assert session.scalar(select(func.count(CustomerEvent.id))) == rows
        assert session.scalars(select(Policy)).all() == []


def test_a_shop_without_buyers_has_nobody_to_move(database: Database) -> None:
    with database.begin() as session:
        a_friend(session)
        trial = policy_trial.try_out(session, StagePolicy(regular_purchases=1), NOW)
    assert trial == policy_trial.Trial(0, 0)


def test_an_impossible_policy_is_not_tried(sqlite: Database) -> None:
    with sqlite.reading() as session, pytest.raises(Invalid, match="policy_invalid"):
        policy_trial.try_out(session, replace(ClassPolicy(), loyal_purchases=0), NOW)
