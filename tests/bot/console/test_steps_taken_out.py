"""The console says how many messages are cancelled with a step or an arm, before it is taken out and after."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.models import Delivery, DeliveryState, Scenario
from scheduler.scenario_flow import Flow
from tests.bot.browsing import Visitor
from tests.fakes.clock import A_SATURDAY as NOW
from tests.scheduler.scenario_walks import advance, enter, made, say

PAGE = "/console/scenarios/"
STEPS = f"{PAGE}steps/"
RIDES = {"rides_for": {"hours": 20}}


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    return visitor.log_in()


def _walked(session: Session, scenario: Scenario, friends: int) -> int:
    """Let friends come to the first step; return its number."""
    for _ in range(friends):
        enter(session, scenario)
    advance(session, NOW)
    return Flow(scenario.steps).main[0].id


def test_the_page_tells_what_is_cancelled_and_so_does_the_next(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        scenario = made(session, say("伺い", **RIDES), say("その後", after={"days": 3}))
        number, step = scenario.id, _walked(session, scenario, 2)
    asked = owner.get(f"{STEPS}{step}/remove").text
    assert "送信待ちの2通は取り消します。" in asked
    assert "いま0人がここで待っています。" in asked
    owner.post(f"{STEPS}{step}/remove")
    assert "送信待ちの2通を取り消しました。" in owner.get(f"{PAGE}{number}").text
    with owner.services.database.reading() as session:
        assert session.scalars(select(Delivery.state)).all() == [DeliveryState.CANCELLED] * 2


def test_nothing_is_told_of_where_nothing_waits(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        scenario = made(session, say("伺い", after={"days": 3}))
        number, step = scenario.id, _walked(session, scenario, 2)
    assert "送信待ち" not in owner.get(f"{STEPS}{step}/remove").text
    owner.post(f"{STEPS}{step}/remove")
    done = owner.get(f"{PAGE}{number}").text
    assert "ステップを外しました。" in done
    assert "取り消しました" not in done


def test_the_page_of_a_split_tells_what_is_cancelled_with_each_arm(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        arms = [
            {"name": "A", "share": 1, "steps": [say("A", **RIDES)]},
            {"name": "B", "share": 0, "steps": [say("B", **RIDES)]},
        ]
        split = _walked(session, made(session, {"do": "split", "name": "分け", "arms": arms}), 3)
    page = owner.get(f"{STEPS}{split}/settings").text
    assert "「A」を消すと、中のステップで送信待ちの3通は取り消します。" in page
    assert "「B」を消すと" not in page
