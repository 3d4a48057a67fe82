"""`kokyaku policy`."""

import json

import pytest
from click.testing import CliRunner, Result

from bot.cli.context import Program
from bot.cli.policies import policy
from bot.services import Services
from segments import facts, review
from segments.errors import Invalid
from segments.models import Facts
from tests.builders import a_friend, a_purchase, days_ago


def run(services: Services, *words: str) -> Result:
    program = Program(services.settings)
    program.__dict__.update(services=services, database=services.database)
    return CliRunner().invoke(policy, words, obj=program)


def test_a_threshold_that_is_changed_moves_the_friends_concerned(services: Services) -> None:
    now = services.clock.now()
    with services.database.begin() as session:
        friend = a_friend(session)
        for days in (40, 20, 5):
            a_purchase(session, friend, bought_at=days_ago(days, now))
        facts.learn_purchases(session, friend.id, now)
    with services.database.reading() as session:
        assert session.get_one(Facts, friend.id).stage == "regular"
    assert run(services, "set", "regular_purchases", "4").exit_code == 0
    assert json.loads(run(services, "show").output)["regular_purchases"] == 4
    with services.database.begin() as session:
        assert review.review_due(session, now) == 1
    with services.database.reading() as session:
        assert session.get_one(Facts, friend.id).stage == "existing"


@pytest.mark.parametrize(
    "words", [("regular_purchases", "many"), ("regular_purchases", "0"), ("colour", "3")]
)
def test_a_threshold_that_cannot_be_is_refused(services: Services, words: tuple[str, str]) -> None:
    answer = run(services, "set", *words)
    assert isinstance(answer.exception, Invalid)
    assert answer.exception.code == "policy_invalid"
