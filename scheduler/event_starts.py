"""How an event starts a scenario: which, and from when its delays count."""

from datetime import datetime

from scheduler import apologies
from scheduler.enrolments import Start
from scheduler.matching import cause_of, is_news_for
from scheduler.models import Scenario
from segments.models import CustomerEvent, EventKind

TAKEN_BACK = EventKind.COMPLAINT_WITHDRAWN


def is_started_by(scenario: Scenario, event: CustomerEvent) -> bool:
    """Tell whether an event starts the scenario, if its other rules let the friend in."""
    return is_news_for(scenario.trigger, event) and not apologies.is_done(scenario.key, event)


def start_of(event: CustomerEvent, now: datetime) -> Start:
    """Return what an event starts: it counts from when it happened, or from when somebody noticed."""
    context = {**event.payload, "event": event.kind.value, "at": event.at.isoformat()}
    return Start(event.friend_id, cause_of(event), context, now if _is_noticed_later(event) else event.at)


def _is_noticed_later(event: CustomerEvent) -> bool:
    """Say whether an event is dated by a message that somebody understood only afterwards, days later perhaps."""
    return event.kind is TAKEN_BACK or (event.kind is EventKind.COMPLAINED and "question_id" in event.payload)
