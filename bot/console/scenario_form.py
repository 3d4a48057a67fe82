"""The form of a scenario: its name, what starts it, for whom, what ends it, how often."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bot.console import scenario_choices
from bot.console.typed import Typed
from bot.words import explain
from scheduler.models import Reentry, Scenario
from scheduler.scenario_drafts import ScenarioDraft
from scheduler.scenario_settings import ScenarioSettings, of_scenario
from scheduler.step_settings import LONGEST_DAYS, BlockLimit
from segments.errors import KokyakuError

FIELD_OF = {
    "name_missing": "name",
    "name_too_long": "name",
    "trigger_invalid": "start",
    "segment_missing": "start_segment",
    "segment_unknown": "start_segment",
    "tag_missing": "start_tag",
    "tag_unknown": "start_tag",
    "goal_invalid": "goal",
    "reentry_invalid": "reentry_days",
}


def filled(scenario: Scenario | None) -> dict[str, str]:
    """Return what stands in the form for a stored scenario, or for a new one."""
    if scenario is None:
        return {"start": "event:followed", "reentry": Reentry.NEVER.value, "leave": "1", "limit": "3"}
    settings = of_scenario(scenario)
    where: dict[str, Any] = scenario.trigger.get("where") or {}
    goal: dict[str, Any] = scenario.goal or {}
    of_goal: dict[str, Any] = goal.get("where") or {}
    return {
        "name": scenario.name,
        "name_en": scenario.name_en,
        "start": scenario_choices.start_value(scenario.trigger),
        "start_segment": str(where.get("segment_id") or ""),
        "start_tag": str(where.get("tag") or ""),
        "start_days": str(scenario.trigger.get("days_before") or 0),
        "start_day": str(scenario.trigger.get("day") or ""),
        "start_name": str(scenario.trigger.get("name") or ""),
        "leave": "1" if settings.leave_when_unmatched else "",
        "goal": scenario_choices.start_value(goal) if goal else "",
        "goal_segment": scenario_choices.segment_of(goal),
        "goal_tag": str(of_goal.get("tag") or ""),
        "reentry": scenario.reentry.value,
        "reentry_days": str(scenario.reentry_interval.days) if scenario.reentry_interval else "",
        "limit": f"{settings.block_limit.percent:g}" if settings.block_limit else "",
    }


def draft(form: Typed, stored: Scenario | None, whom: dict[str, Any] | None) -> ScenarioDraft | None:
    """Return what was typed, with whom it is for; None when something must be mended first."""
    trigger = _read(form, "start", lambda: _start(form, "start", stored.trigger if stored else None))
    goal = _read(form, "goal", lambda: _start(form, "goal", stored.goal if stored else None))
    chosen = form.text("reentry")
    reentry = Reentry(chosen) if chosen in set(Reentry) else Reentry.NEVER
    days = form.number("reentry_days", LONGEST_DAYS)
    limit = form.decimal("limit", 100)
    if form.errors or trigger is None:
        return None
    return ScenarioDraft(
        name=form.text("name"),
        name_en=form.text("name_en"),
        trigger=trigger,
        condition=whom,
        goal=goal,
        reentry=reentry,
        reentry_interval=timedelta(days=days) if days else None,
        settings=_settings(form, stored, limit),
    )


def _settings(form: Typed, stored: Scenario | None, limit: float) -> ScenarioSettings:
    known = of_scenario(stored).block_limit if stored else None
    usual = known or BlockLimit()
    return ScenarioSettings(
        leave_when_unmatched=form.is_on("leave"),
        block_limit=usual.model_copy(update={"percent": limit}) if limit else None,
    )


def _start(form: Typed, name: str, stored: dict[str, Any] | None) -> dict[str, Any] | None:
    if not form.text(name):
        return None
    details = {part: form.text(f"{name}_{part}") for part in ("segment", "tag", "days", "day", "name")}
    return scenario_choices.start_of(form.text(name), details, stored)


def _read(form: Typed, field: str, read: Callable[[], dict[str, Any] | None]) -> dict[str, Any] | None:
    try:
        return read()
    except KokyakuError as error:
        show(form, error, field)
        return None


def show(form: Typed, error: KokyakuError, field: str = "") -> None:
    """Put a refusal beside its field."""
    place = FIELD_OF.get(error.code, field)
    if field == "goal":
        place = place.replace("start", "goal")
    form.add(place, explain(error))
