"""Policies: the newest version holds, and who it may move is looked at again."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from segments import policies
from segments.cycle import CycleParams
from segments.db import Database
from segments.errors import Invalid
from segments.models import Facts, Policy
from segments.stages import StagePolicy
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW

DAY = timedelta(days=1)


def test_the_newest_version_holds_and_the_older_ones_stay(database: Database) -> None:
    with database.begin() as session:
        assert policies.stage_policy(session) == StagePolicy()
        for needed in (4, 5):
            policies.save_stage_policy(session, StagePolicy(regular_purchases=needed), "operator:1", NOW)
        assert policies.stage_policy(session).regular_purchases == 5
        assert session.scalar(select(func.count()).select_from(Policy)) == 2


def test_new_rules_and_new_parameters_have_the_buyers_looked_at(database: Database) -> None:
    with database.begin() as session:
        browser, buyer = a_friend(session), a_friend(session, facts={"purchase_count": 1})
        policies.save_cycle_params(session, CycleParams(m=3.0), "fit", NOW)
        assert policies.cycle_params(session).m == 3.0
        waiting = select(Facts.friend_id).where(Facts.review_at == NOW).order_by(Facts.friend_id)
        assert session.scalars(waiting).all() == [buyer.id]
        policies.save_stage_policy(session, StagePolicy(), "operator:1", NOW + DAY)
        waiting = select(Facts.friend_id).where(Facts.review_at == NOW + DAY)
        assert session.scalars(waiting).all() == [buyer.id] != [browser.id]


def test_an_impossible_policy_is_not_saved(sqlite: Database) -> None:
    with sqlite.begin() as session:
        with pytest.raises(Invalid, match="policy_invalid"):
            policies.save_stage_policy(session, StagePolicy(regular_purchases=0), "operator:1", NOW)
        assert session.scalars(select(Policy)).all() == []
