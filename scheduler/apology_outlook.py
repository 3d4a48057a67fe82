"""Foretells whether an apology will follow a complaint, and why not: nobody should be told of one that never leaves."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import apologies, enrolments
from scheduler.candidates import for_step
from scheduler.house import house_of
from scheduler.matching import matching
from scheduler.models import Purpose, Scenario
from scheduler.reasons import Reason
from scheduler.verdicts import Refused, may_send
from segments import shop
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
    if scenario.trigger.get("event") != EventKind.COMPLAINED or (
        complained and not matching(session, scenario.condition, [friend_id], now, shop.load(session))
    ):
        return Outlook.CHANGED
    if enrolments.kept_out(session, scenario, [friend_id], now):
        return Outlook.LATELY
    return _refusal(session, scenario, friend_id, now) or Outlook.COMING


def _refusal(session: Session, scenario: Scenario, friend_id: int, now: datetime) -> Reason | None:
    """Return why the scenario's first message would not go to the friend; what only has to wait will."""
    purpose = next((each.purpose for each in scenario.steps if each.message_id is not None), Purpose.CARE)
    step = for_step(session, [friend_id], purpose, house_of(session, now))[friend_id]
    verdict = may_send(replace(step, apology=True), now)
    return verdict.reason if isinstance(verdict, Refused) else None
