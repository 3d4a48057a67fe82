"""Scenarios written in a line, friends who walk through them, and what they were told."""

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import enrolments, scenario_files, scenarios
from scheduler.models import Delivery, DeliveryState, Enrolment, Scenario, Step
from segments.models import Friend
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW

TOKYO = ZoneInfo("Asia/Tokyo")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOUGHT = {"is": "purchase_count", "at_least": 1}


def say(name: str, **more: Any) -> dict[str, Any]:
    return {
        "do": "message",
        "name": name,
        "message": {"content": {"ja": [{"type": "text", "text": name}]}},
    } | more


def made(session: Session, *steps: dict[str, Any], **more: Any) -> Scenario:
    whole = {"kokyaku": "scenario", "name": "試し", "starts": {"event": "purchased"}, "steps": [*steps]}
    scenario = scenario_files.create(session, json.dumps(whole | more), "test", NOW)
    scenario.active = True
    session.flush()
    return scenario


def enter(session: Session, scenario: Scenario, friend: Friend | None = None, **context: Any) -> Enrolment:
    friend = friend or a_friend(session)
    enrolment = enrolments.enrol(session, scenario, friend.id, "test", context, NOW)
    assert enrolment
    return enrolment


def advance(session: Session, now: datetime) -> None:
    while scenarios.advance(session, now):
        pass
    session.expire_all()


def told(session: Session, enrolment: Enrolment) -> list[str]:
    """Return the names of the steps whose message was queued for a friend, and those skipped in brackets."""
    rows = session.execute(
        select(Step.name, Delivery.state)
        .join(Step, Step.id == Delivery.step_id)
        .where(Delivery.enrolment_id == enrolment.id)
        .order_by(Delivery.id)
    )
    return [f"({name})" if state is DeliveryState.SKIPPED else name for name, state in rows]
