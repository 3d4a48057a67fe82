"""What an operator makes a scenario or a step of: values, checked against each other and the database before they are stored."""

from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from scheduler import riding, scenario_starts, step_effects, step_settings
from scheduler.matching import IF
from scheduler.models import Message, Purpose, Reentry, StepKind
from scheduler.scenario_settings import ScenarioSettings
from scheduler.step_settings import LONGEST_DAYS, StepSettings
from segments import condition_names, conditions
from segments.errors import Invalid, NotFound

LONGEST = timedelta(days=LONGEST_DAYS)
NAME_LIMIT = 128
SAYING = frozenset({StepKind.MESSAGE})
DOING = frozenset({StepKind.MESSAGE, StepKind.ACTION})


@dataclass(frozen=True)
class ScenarioDraft:
    """A scenario without its steps."""

    name: str
    trigger: dict[str, Any]
    name_en: str = ""
    condition: dict[str, Any] | None = None
    goal: dict[str, Any] | None = None
    reentry: Reentry = Reentry.NEVER
    reentry_interval: timedelta | None = None
    settings: ScenarioSettings = field(default_factory=ScenarioSettings)


@dataclass(frozen=True)
class StepDraft:
    """One step, wherever it will stand."""

    kind: StepKind
    name: str = ""
    delay: timedelta = timedelta()
    at_time: time | None = None
    condition: dict[str, Any] | None = None
    message_id: int | None = None
    purpose: Purpose = Purpose.CARE
    effects: dict[str, Any] = field(default_factory=dict[str, Any])
    valid_for: timedelta | None = None
    rides_for: timedelta | None = None
    settings: StepSettings = field(default_factory=StepSettings)


def scenario_values(session: Session, draft: ScenarioDraft) -> dict[str, Any]:
    """Return the columns of a scenario.

    Raises Invalid (name_missing, name_too_long, trigger_invalid, goal_invalid, reentry_invalid, condition_…) and NotFound.
    """
    scenario_starts.check(session, draft.trigger)
    return {
        "name": _name(draft.name, needed=True),
        "name_en": _name(draft.name_en),
        "trigger": draft.trigger,
        "condition": _condition(session, draft.condition),
        "goal": _goal(session, draft.goal),
        "reentry": draft.reentry,
        "reentry_interval": _interval(draft),
        "settings": step_settings.dump(draft.settings),
    }


def _goal(session: Session, given: dict[str, Any] | None) -> dict[str, Any] | None:
    if given is None:
        return None
    if set(given) == {IF} and given[IF]:
        return {IF: _condition(session, given[IF])}
    if "event" not in given:
        raise Invalid("goal_invalid")
    scenario_starts.check(session, given)
    return given


def step_values(session: Session, draft: StepDraft) -> dict[str, Any]:
    """Return the columns of a step.

    Raises Invalid (delay_invalid, valid_for_invalid, rides_for_invalid, step_settings_invalid, condition_…, …).
    """
    if not timedelta() <= draft.delay <= LONGEST:
        raise Invalid("delay_invalid", days=LONGEST_DAYS)
    if draft.valid_for is not None and not timedelta() < draft.valid_for <= LONGEST:
        raise Invalid("valid_for_invalid", days=LONGEST_DAYS)
    riding.check(draft.rides_for, has_message=draft.kind in SAYING)
    step_settings.check(draft.kind, draft.settings, has_condition=draft.condition is not None)
    return {
        "kind": draft.kind,
        "name": _name(draft.name),
        "delay": draft.delay,
        "at_time": draft.at_time,
        "condition": _condition(session, draft.condition),
        "message_id": _message(session, draft),
        "purpose": draft.purpose,
        "effects": step_effects.checked(session, draft.effects) if draft.kind in DOING else {},
        "valid_for": draft.valid_for if draft.kind in SAYING else None,
        "rides_for": draft.rides_for,
        "settings": step_settings.dump(draft.settings),
    }


def _name(given: str, *, needed: bool = False) -> str:
    name = given.strip()
    if needed and not name:
        raise Invalid("name_missing")
    if len(name) > NAME_LIMIT:
        raise Invalid("name_too_long", limit=NAME_LIMIT)
    return name


def _interval(draft: ScenarioDraft) -> timedelta | None:
    if draft.reentry is not Reentry.AFTER_INTERVAL:
        return None
    if draft.reentry_interval is None or not timedelta() < draft.reentry_interval <= LONGEST:
        raise Invalid("reentry_invalid", days=LONGEST_DAYS)
    return draft.reentry_interval


def _condition(session: Session, data: dict[str, Any] | None) -> dict[str, Any] | None:
    if data is None:
        return None
    condition = conditions.parse(data)
    condition_names.check(session, condition)
    return conditions.dump(condition)


def _message(session: Session, draft: StepDraft) -> int | None:
    if draft.kind not in SAYING:
        return None
    if draft.message_id is None:
        raise Invalid("step_message_missing")
    if not session.scalar(select(exists().where(Message.id == draft.message_id))):
        raise NotFound("message_unknown", key=draft.message_id)
    return draft.message_id
