"""Scenarios for the shop's other systems: listed, shown, paused, resumed, started for a friend."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.services import Services
from scheduler.models import Enrolment, EnrolmentState, Scenario
from tests.bot.api.conftest import Caller
from tests.builders import a_friend, a_scenario

DAY = timedelta(days=1)


@pytest.fixture
def scenario_id(services: Services) -> int:
    with services.database.begin() as session:
        made = a_scenario(
            session, {"name": "お礼", "delay": DAY}, {"name": "ご様子", "delay": DAY}, name="ご購入後"
        )
        return made.id


def test_scenarios_are_listed_and_shown_as_a_file_has_them(
    caller: Caller, services: Services, scenario_id: int
) -> None:
    listed: Any = caller.get("/scenarios").json
    (mine,) = [each for each in listed["scenarios"] if each["id"] == scenario_id]
    assert (mine["name"], mine["active"], mine["steps"]) == ("ご購入後", True, 2)
    assert mine["friends"] == {"inside": 0, "completed": 0, "goal": 0, "left": 0}
    shown: Any = caller.get(f"/scenarios/{scenario_id}").json
    assert shown["definition"]["starts"] == {"event": "purchased"}
    assert [step["name"] for step in shown["definition"]["steps"]] == ["お礼", "ご様子"]
    assert caller.get("/scenarios/999999").status_code == 404


def test_a_friend_starts_by_the_scenarios_own_rules_and_once_for_one_cause(
    caller: Caller, services: Services, scenario_id: int
) -> None:
    with services.database.begin() as session:
        friend_id = a_friend(session).id
    path, body = f"/scenarios/{scenario_id}/enrolments", {"friend_id": friend_id, "cause": "order-1"}
    first: Any = caller.post(path, body).json
    again: Any = caller.post(path, body).json
    other: Any = caller.post(path, {"friend_id": friend_id}).json
    assert first["entered"]
    assert again == {"entered": False, "enrolment_id": first["enrolment_id"]}
    assert other == {"entered": False, "enrolment_id": None}, "never again, says the scenario"
    with services.database.reading() as session:
        enrolment = session.scalars(select(Enrolment)).one()
    assert (enrolment.cause, enrolment.state) == ("api:order-1", EnrolmentState.ACTIVE)
    assert enrolment.due_at == services.clock.now() + DAY
    figures: Any = caller.get(f"/scenarios/{scenario_id}/figures").json
    assert (figures["entered"], figures["friends"]["inside"]) == (1, 1)
    assert [step["waiting"] for step in figures["steps"]] == [1, 0]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"friend_id": 999_999}, 404),
        ({}, 422),
        ({"friend_id": "1"}, 422),
        ({"friend_id": 1, "cause": ""}, 422),
        ({"friend_id": 1, "cause": "x" * 41}, 422),
        ({"friend_id": 1, "who": "x"}, 422),
    ],
)
def test_what_names_nobody_is_refused(caller: Caller, scenario_id: int, body: Any, status: int) -> None:
    assert caller.post(f"/scenarios/{scenario_id}/enrolments", body).status_code == status


def test_a_scenario_is_paused_and_goes_on_and_both_are_on_record(
    caller: Caller, services: Services, scenario_id: int
) -> None:
    for _ in range(2):
        paused: Any = caller.post(f"/scenarios/{scenario_id}/pause").json
        assert paused["active"] is False
    with services.database.begin() as session:
        friend_id = a_friend(session).id
    kept_out: Any = caller.post(f"/scenarios/{scenario_id}/enrolments", {"friend_id": friend_id}).json
    assert kept_out == {"entered": False, "enrolment_id": None}
    resumed: Any = caller.post(f"/scenarios/{scenario_id}/resume").json
    assert resumed["active"] is True
    with services.database.reading() as session:
        assert session.get_one(Scenario, scenario_id).active
    assert caller.post("/scenarios/999999/pause").status_code == 404
