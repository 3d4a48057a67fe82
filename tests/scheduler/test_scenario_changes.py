"""Changing a scenario while friends are inside: each passes on as was said, and nothing comes twice."""

import json

from sqlalchemy import select

from scheduler import scenario_edits, scenario_files, scenario_steps
from scheduler.models import Delivery, DeliveryState, Scenario
from scheduler.scenario_flow import Flow
from segments.db import Database
from tests.fakes.clock import A_SATURDAY as NOW
from tests.scheduler.scenario_walks import BOUGHT, DAY, advance, enter, made, say, told


def test_a_step_taken_out_lets_those_at_it_pass_when_it_would_have_come(database: Database) -> None:
    with database.begin() as session:
        scenario = made(session, say("いち", after={"days": 2}), say("に", after={"days": 1}))
        enrolment = enter(session, scenario)
        first, second = Flow(scenario.steps).main
        removal = scenario_steps.removal(session, first.id)
        assert (removal.standing, removal.following) == (1, second)
        scenario_steps.remove_step(session, first.id, NOW)
        newcomer = enter(session, scenario)
        assert newcomer.next_at == NOW + DAY
        advance(session, NOW + 2 * DAY)
        assert enrolment.next_at == NOW + 3 * DAY
        advance(session, NOW + 3 * DAY)
        assert told(session, enrolment) == ["に"]


def test_a_step_put_in_or_moved_never_comes_twice_nor_to_those_past_it(database: Database) -> None:
    with database.begin() as session:
        scenario = made(session, say("いち"), say("に", after={"days": 1}), say("さん", after={"days": 1}))
        ahead = enter(session, scenario)
        advance(session, NOW)
        first, second, _ = Flow(scenario.steps).main
        assert scenario_steps.move_step(session, first.id, up=False)
        assert not scenario_steps.move_step(session, second.id, up=True)
        late = enter(session, scenario)
        for days in range(1, 4):
            advance(session, NOW + days * DAY)
        assert told(session, ahead) == ["いち", "に", "さん"]
        assert told(session, late) == ["に", "いち", "さん"]


def test_an_arm_that_is_gone_takes_its_steps_with_it_and_its_friends_go_on(database: Database) -> None:
    with database.begin() as session:
        arms = [{"name": name, "share": 1, "steps": [say(name, after={"days": 1})]} for name in "AB"]
        scenario = made(session, {"do": "split", "name": "分け", "arms": arms}, say("おわり"))
        inside = [enter(session, scenario) for _ in range(12)]
        advance(session, NOW)
        text = scenario_files.export(session, scenario.id)
        text["steps"][0]["arms"] = [text["steps"][0]["arms"][0], {"name": "C", "share": 1}]
        scenario_files.replace(session, scenario.id, json.dumps(text), "test", NOW)
        assert [each.step.name for each in Flow(scenario.steps).placed()] == ["分け", "A", "おわり"]
        advance(session, NOW + DAY)
        said = {tuple(told(session, enrolment)) for enrolment in inside}
        assert said == {("A", "おわり"), ("おわり",)}


def test_deleting_a_scenario_ends_it_for_all_and_keeps_what_was_sent(database: Database) -> None:
    with database.begin() as session:
        scenario = made(
            session,
            say("いち"),
            {"do": "branch", "if": BOUGHT, "yes": [say("に")]},
            say("さん", after={"days": 1}),
        )
        enter(session, scenario)
        advance(session, NOW)
        assert scenario_edits.delete(session, scenario.id, NOW) == 1
    with database.reading() as session:
        assert session.scalars(select(Scenario)).all() == []
        delivery = session.scalars(select(Delivery)).one()
        assert (delivery.state, delivery.reason, delivery.enrolment_id) == (
            DeliveryState.CANCELLED,
            "scenario_ended",
            None,
        )
