"""Trying cuts of scores: counted in the database as the scores of each friend by themselves say."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import select

from segments import rfm, rfm_trial
from segments.db import Database
from segments.errors import Invalid
from segments.models import Facts, Policy
from segments.rfm import RfmPolicy
from segments.rfm_trial import Score
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW

OTHER = RfmPolicy((7, 30, 60, 120), (2, 4, 6, 8), (5_000, 20_000, 60_000, 200_000), 5)
DAY = timedelta(days=1)


def a_shop(database: Database) -> None:
    """Add buyers on, just before and just after the cuts of both policies, and somebody who never bought."""
    rng = Random(5)
    days = sorted({*RfmPolicy().recency_days, *OTHER.recency_days})
    yen = sorted({*RfmPolicy().spend_yen, *OTHER.spend_yen})
    with database.begin() as session:
        a_friend(session)
        for _ in range(200):
            last = NOW - rng.choice(days) * DAY + rng.choice((-1, 0, 1)) * timedelta(seconds=1)
            bought = {
                "purchase_count": rng.randrange(1, 12),
                "spend_yen": rng.choice(yen) + rng.choice((-1, 0, 1)),
                "last_purchase_at": last,
                "purchase_status": rng.choice(("active", "lapsed")),
            }
            a_friend(session, facts=bought)


def scores(row: Facts, policy: RfmPolicy) -> tuple[str, ...]:
    """Return a buyer's scores as segments.rfm tells them of one friend."""
    found = rfm.scores_of(row.last_purchase_at, row.purchase_count, row.spend_yen, policy, NOW)
    assert found
    return *map(str, found), str(rfm.loyalty_of(row.purchase_count, row.purchase_status, policy))


def test_a_trial_counts_whose_scores_would_change(database: Database) -> None:
    a_shop(database)
    moves = {score: Counter[tuple[str, str]]() for score in Score}
    moved = 0
    with database.reading() as session:
        trial = rfm_trial.try_out(session, OTHER, NOW)
        for row in session.scalars(select(Facts).where(Facts.purchase_count > 0)):
            steps = list(zip(Score, scores(row, RfmPolicy()), scores(row, OTHER), strict=True))
            moved += any(old != new for _, old, new in steps)
            for score, old, new in steps:
                moves[score][old, new] += old != new
        assert session.scalars(select(Policy)).all() == []
    assert (trial.buyers, trial.moved) == (200, moved)
    assert trial.moves == {score: +counted for score, counted in moves.items()}
    assert all(trial.moves[score] for score in Score)


def test_what_is_in_force_moves_nobody_and_what_cannot_be_is_not_tried(database: Database) -> None:
    a_shop(database)
    with database.begin() as session:
        rfm.save(session, OTHER, "test", NOW)
        assert rfm_trial.try_out(session, OTHER, NOW) == rfm_trial.RfmTrial(200, 0)
        with pytest.raises(Invalid, match="policy_invalid"):
            rfm_trial.try_out(session, RfmPolicy(loyal_purchases=0), NOW)
