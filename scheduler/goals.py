"""Goals of scenarios: news that ends one early, or a condition that comes true while a friend is in it."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import bulk, matching
from scheduler.enrolments import end_many
from scheduler.models import Enrolment, EnrolmentState, Scenario
from scheduler.reasons import Reason
from segments.shop import Shop


def reached(
    session: Session, goal: dict[str, Any] | None, enrolments: Iterable[Any], now: datetime, settings: Shop
) -> set[int]:
    """Return the ids of enrolments that are at their goal: its news came since they began, or its condition holds.

    An enrolment is any row with id, friend_id, entered_at and cause.
    """
    condition = matching.condition_of(goal)
    if condition is None:
        return matching.reached(session, goal, enrolments)
    members = list(enrolments)
    there = matching.matching(session, condition, {each.friend_id for each in members}, now, settings)
    return {each.id for each in members if each.friend_id in there}


def look(
    session: Session,
    scenarios: Iterable[Scenario],
    friend_ids: Collection[int],
    now: datetime,
    settings: Shop,
) -> int:
    """End the scenarios whose condition came true for friends of whom there is news; return how many ended."""
    asked = {each.id: condition for each in scenarios if (condition := matching.condition_of(each.goal))}
    if not asked or not friend_ids:
        return 0
    inside: dict[int, set[int]] = {}
    rows = session.execute(
        select(Enrolment.scenario_id, Enrolment.friend_id).where(
            bulk.among(session, Enrolment.friend_id, sorted(friend_ids)),
            Enrolment.scenario_id.in_(asked),
            Enrolment.state == EnrolmentState.ACTIVE,
        )
    )
    for scenario_id, friend_id in rows:
        inside.setdefault(scenario_id, set()).add(friend_id)
    ended = 0
    for scenario_id, those in sorted(inside.items()):
        there = matching.matching(session, asked[scenario_id], those, now, settings)
        if there:
            mine = bulk.among(session, Enrolment.friend_id, sorted(there))
            at_goal = mine & (Enrolment.scenario_id == scenario_id)
            ended += end_many(session, at_goal, EnrolmentState.GOAL, Reason.GOAL, now)
    return ended
