"""Scenarios to files and back: everything that makes one, readable, and complete enough for another shop."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from scheduler import (
    library,
    message_checks,
    scenario_edits,
    scenario_messages,
    scenario_steps,
    step_changes,
    step_removals,
)
from scheduler.models import Message, Scenario, Step
from scheduler.scenario_drafts import NAME_LIMIT
from scheduler.scenario_flow import Flow, arms_of, in_force, line_of
from scheduler.scenario_shapes import FileStep, Said, parse, problem_at, refused, span_of
from scheduler.scenario_steps import Spot
from scheduler.step_settings import dump, of_step
from segments.errors import Invalid, KokyakuError

_Path = tuple[str | int, ...]


def export(session: Session, scenario_id: int) -> dict[str, Any]:
    """Return a scenario as a file has it; raises NotFound (scenario_unknown)."""
    scenario = scenario_edits.load(session, scenario_id)
    interval = scenario.reentry_interval
    flow = Flow(scenario.steps)
    return _without_nothing(
        {
            "kokyaku": "scenario",
            "version": 1,
            "name": scenario.name,
            "name_en": scenario.name_en,
            "starts": scenario.trigger,
            "if": scenario.condition,
            "goal": scenario.goal,
            "again": {"after_days": interval.days} if interval else scenario.reentry.value,
            "settings": scenario.settings,
        }
    ) | {"steps": _line(session, flow, list(flow.main))}


def _line(session: Session, flow: Flow, steps: list[Step]) -> list[dict[str, Any]]:
    return [_step(session, flow, step) for step in steps]


def _step(session: Session, flow: Flow, step: Step) -> dict[str, Any]:
    settings = dump(of_step(step))
    settings |= settings.pop("when", {})
    told = {
        "id": step.id,
        "do": step.kind.value,
        "name": step.name,
        "after": dump(span_of(step.delay)),
        "at": f"{step.at_time:%H:%M}" if step.at_time else None,
        "if": step.condition,
        "message": _message(session, step),
        "purpose": step.purpose.value if step.message_id is not None else None,
        "effects": step.effects,
        "valid_for": dump(span_of(step.valid_for)) if step.valid_for else None,
        "rides_for": dump(span_of(step.rides_for)) if step.rides_for else None,
    }
    inside = {arm: _line(session, flow, list(flow.in_arm(step, arm))) for arm in arms_of(step)}
    if "arms" in settings:
        settings["arms"] = [arm | {"steps": inside[arm["name"]]} for arm in settings["arms"]]
        inside = {}
    return _without_nothing(told) | settings | inside


def _message(session: Session, step: Step) -> Any:
    if step.message_id is None:
        return None
    message = session.get_one(Message, step.message_id)
    if message.key is not None:
        return message.key
    return {"name": message.name, "content": step_changes.newest(session, message.id).content}


def _without_nothing(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value not in (None, "", {}, [])}


def create(session: Session, text: str, by: str, now: datetime) -> Scenario:
    """Make a scenario of a file, switched off until somebody starts it.

    Raises Invalid (scenario_file_invalid: problems), each with its line and field; nothing is stored then.
    """
    given = parse(text)
    made: Scenario = _try(text, (), lambda: scenario_edits.create(session, given.draft(), now))
    _Writing(session, text, made, by, now).line(given.steps, ("steps",), Spot())
    return made


def copy(session: Session, scenario_id: int, called: str, by: str, now: datetime) -> Scenario:
    """Make a second scenario like one, switched off; `called` is its name with `%(name)s` for that of the first.

    Raises NotFound (scenario_unknown).
    """
    told = export(session, scenario_id)
    told["name"] = (called % {"name": told["name"]})[:NAME_LIMIT]
    return create(session, json.dumps(told, ensure_ascii=False), by, now)


def replace(session: Session, scenario_id: int, text: str, by: str, now: datetime) -> Scenario:
    """Make a scenario what a file says: steps with the same `id` are changed, others added, those not in it taken out.

    Raises as `create` does, and NotFound (scenario_unknown).
    """
    given = parse(text)
    scenario = scenario_edits.load(session, scenario_id)
    version = scenario.version
    _try(text, (), lambda: scenario_edits.change(session, scenario_id, given.draft(), version, now))
    writing = _Writing(session, text, scenario, by, now)
    writing.line(given.steps, ("steps",), Spot())
    gone = [step for step in in_force(scenario.steps) if step.id not in writing.written]
    step_removals.take_out(session, gone, now)
    return scenario


class _Writing:
    """Puts the steps of a file in place, line by line."""

    def __init__(self, session: Session, text: str, scenario: Scenario, by: str, now: datetime) -> None:
        self.session, self.text, self.scenario, self.by, self.now = session, text, scenario, by, now
        self.known = {step.id: step for step in scenario.steps if step.removed_at is None}
        self.written: set[int] = set()

    def line(self, steps: list[FileStep], path: _Path, spot: Spot) -> None:
        """Put one line of steps in place, each behind the one before it."""
        for number, given in enumerate(steps):
            here = (*path, number)
            message_id = _try(self.text, (*here, "message"), lambda given=given: self._message(given))
            step = _try(
                self.text,
                here,
                lambda given=given, spot=spot, id_=message_id: self._put(given, id_, spot),
            )
            self.written.add(step.id)
            for arm, below, inner in given.inside():
                self.line(inner, (*here, *below), Spot(parent=step.id, arm=arm))
            spot = Spot(after=step.id)

    def _put(self, given: FileStep, message_id: int | None, spot: Spot) -> Step:
        draft = given.draft(message_id)
        step = self.known.get(given.id or 0)
        if step is None or step.kind is not draft.kind or step.id in self.written:
            return scenario_steps.add_step(self.session, self.scenario.id, draft, spot)
        scenario_steps.change_step(self.session, step.id, draft, self.now)
        if not self._stands_right(step, spot):
            scenario_steps.place_step(self.session, step.id, spot)
        return step

    def _stands_right(self, step: Step, spot: Spot) -> bool:
        """Tell whether a step need not be moved: what is taken out beside it thereby keeps its place as well."""
        before = self.session.get(Step, spot.after) if spot.after is not None else None
        line = line_of(before) if before else (spot.parent, spot.arm)
        return line_of(step) == line and (before is None or before.position < step.position)

    def _message(self, given: FileStep) -> int | None:
        if given.message is None:
            return None
        if isinstance(given.message, str):
            return library.message(self.session, given.message).message_id
        return self._own_message(given, given.message)

    def _own_message(self, given: FileStep, said: Said) -> int:
        problems = message_checks.check(said.content)
        if problems:
            first = problems[0]
            raise Invalid("step_settings_invalid", at=f"content.{first.path}", problem=first.code)
        step = self.known.get(given.id or 0)
        if step is not None and step.message_id is not None:
            version = step_changes.newest(self.session, step.message_id)
            if self.session.get_one(Message, step.message_id).key is None:
                step_changes.reword(self.session, version, said.content, self.by, self.now)
                return step.message_id
        name = said.name or given.name
        return scenario_messages.write(self.session, name, given.purpose, said.content, self.by, self.now)


def _try(text: str, path: _Path, act: Callable[[], Any]) -> Any:
    try:
        return act()
    except KokyakuError as error:
        raise refused([problem_at(text, path, error)]) from error
