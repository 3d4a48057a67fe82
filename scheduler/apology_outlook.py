"""Foretells whether an apology will follow a complaint, and why not: nobody should be told of one that never leaves."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import apologies, enrolments
from scheduler.candidates import for_step
from scheduler.house import house_of
from scheduler.matching import condition_of, matching
from scheduler.models import Purpose, Scenario, Step
from scheduler.reasons import Reason
from scheduler.scenario_flow import Flow
from scheduler.verdicts import Refused, may_send
from segments import shop
from segments.errors import Invalid
from segments.models import EventKind


class Outlook(StrEnum):
    """What comes of the scenario of apologies for one friend."""

    COMING = "coming"
    DELETED = "deleted"
    PAUSED = "paused"
    CHANGED = "changed"
    """The shop made something else start it, or not for this friend."""
    LATELY = "lately"
    """The friend was in it a short while ago; they are not asked for pardon twice."""


def of_friend(
    session: Session, friend_id: int, now: datetime, *, complained: bool = True
) -> Outlook | Reason:
    """Return what comes of a complaint: an apology, or what stands against it, as eligibility says.

    Before the complaint is recorded (not `complained`) the scenario's own condition is not asked: it asks for one.
    """
    scenario = session.scalars(select(Scenario).where(Scenario.key == apologies.SCENARIO)).one_or_none()
    if scenario is None:
        return Outlook.DELETED
    if not scenario.active:
        return Outlook.PAUSED
    first = next(
        (each.step for each in Flow(scenario.steps).placed() if each.step.message_id is not None), None
    )
    if first is None or scenario.trigger.get("event") != EventKind.COMPLAINED:
        return Outlook.CHANGED
    if complained and not _is_for(session, scenario, friend_id, now):
        return Outlook.CHANGED
    if enrolments.kept_out(session, scenario, [friend_id], now):
        return Outlook.LATELY
    refusal = _refusal(session, first, friend_id, now)
    if refusal is None and first.purpose is Purpose.SALES and not complained:
        return Reason.COMPLAINED  # From then on nothing is sold to them for a while.
    return refusal or Outlook.COMING


def _is_for(session: Session, scenario: Scenario, friend_id: int, now: datetime) -> bool:
    """Tell whether the scenario's condition lets the friend in; one that cannot be asked lets nobody in."""
    settings = shop.load(session)
    try:
        if not matching(session, scenario.condition, [friend_id], now, settings):
            return False
        goal = condition_of(scenario.goal)
        return goal is None or not matching(session, goal, [friend_id], now, settings)
    except Invalid:
        return False


def _refusal(session: Session, first: Step, friend_id: int, now: datetime) -> Reason | None:
    """Return why the scenario's first message would not go to the friend; what only has to wait will."""
    step = for_step(session, [friend_id], first.purpose, house_of(session, now))[friend_id]
    verdict = may_send(replace(step, apology=True), now)
    return verdict.reason if isinstance(verdict, Refused) else None
