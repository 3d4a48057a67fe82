"""The form of a step of any kind: when it comes, what it asks, what it does."""

from datetime import timedelta
from typing import Any

from flask_babel import gettext as _

from bot.console import ride_hours
from bot.console.typed import Typed, ticked
from bot.i18n import N_
from bot.words import explain
from scheduler.models import Purpose, Step, StepKind
from scheduler.scenario_drafts import StepDraft
from scheduler.step_settings import (
    LONGEST_DAYS,
    Arm,
    CountBack,
    DateKind,
    Otherwise,
    StepSettings,
    When,
    of_step,
)
from segments.errors import Invalid, KokyakuError

FIELD_OF = {
    "delay_invalid": "delay_days",
    "valid_for_invalid": "valid_days",
    "rides_for_invalid": ride_hours.FIELD,
    "step_message_missing": "text_ja",
    "message_missing": "text_ja",
    "message_invalid": "text_ja",
    "tag_invalid": "tag",
}
PLACES = {
    "latest_days": "latest_days",
    "arms": "arm_1",
    "condition": "whom",
    "coupon": "coupon",
    "tag": "tag",
}
ARM_ROWS = 4
ASKING = frozenset({StepKind.WAIT_UNTIL, StepKind.BRANCH, StepKind.GOAL})
DOING = frozenset({StepKind.MESSAGE, StepKind.ACTION})


def filled(step: Step | None, kind: StepKind) -> Typed:
    """Return the form for a stored step, or for a new one of a kind."""
    if step is None:
        arms = {"arm_1": "A", "share_1": "50", "arm_2": "B", "share_2": "50"}
        return Typed(
            {"purpose": Purpose.CARE.value, "otherwise": "go_on"} | (arms if kind is StepKind.SPLIT else {})
        )
    settings = of_step(step)
    before, valid = settings.when.before, step.valid_for or timedelta()
    minutes = step.delay.seconds // 60
    values = {
        "name": step.name,
        "delay_days": str(step.delay.days),
        "delay_hours": str(minutes // 60),
        "delay_minutes": str(minutes % 60),
        "at_time": f"{step.at_time:%H:%M}" if step.at_time else "",
        "best_hour": "1" if settings.when.best_hour else "",
        "before": before.date.value if before else "",
        "before_days": str(before.days) if before else "",
        "before_name": (before.name or "") if before else "",
        "before_day": str(before.day or "") if before else "",
        "latest_days": f"{settings.latest_days:g}" if settings.latest_days else "",
        "otherwise": settings.otherwise.value,
        "valid_days": str(valid.days) if step.valid_for else "",
        "valid_hours": str(valid.seconds // 3600) if step.valid_for else "",
        ride_hours.FIELD: ride_hours.shown(step.rides_for),
        "purpose": step.purpose.value,
        "tag": str(step.effects.get("tag") or ""),
        "untag": str(step.effects.get("untag") or ""),
        "coupon": str(step.effects.get("coupon") or ""),
    }
    for number, arm in enumerate(settings.arms, start=1):
        values |= {f"arm_{number}": arm.name, f"share_{number}": str(arm.share)}
    return Typed(values, {"weekdays": ticked(settings.when.weekdays)})


def draft(
    form: Typed, kind: StepKind, step: Step | None, message_id: int | None, condition: dict[str, Any] | None
) -> StepDraft | None:
    """Return what was typed, with its condition; None when something must be mended first."""
    delay = timedelta(
        days=form.number("delay_days", LONGEST_DAYS),
        hours=form.number("delay_hours", 23),
        minutes=form.number("delay_minutes", 59),
    )
    valid = timedelta(days=form.number("valid_days", LONGEST_DAYS), hours=form.number("valid_hours", 23))
    rides = ride_hours.typed(form.number(ride_hours.FIELD, ride_hours.MOST), step.rides_for if step else None)
    at_time, settings = form.clock("at_time"), _settings(form, kind, step)
    if form.errors or settings is None:
        return None
    purpose = form.text("purpose")
    return StepDraft(
        kind=kind,
        name=form.text("name"),
        delay=delay,
        at_time=at_time,
        condition=condition,
        message_id=message_id,
        purpose=Purpose(purpose) if purpose in set(Purpose) else Purpose.CARE,
        effects=_effects(form, kind, step),
        valid_for=valid or None,
        rides_for=rides,
        settings=settings,
    )


def _effects(form: Typed, kind: StepKind, step: Step | None) -> dict[str, Any]:
    if kind not in DOING:
        return {}
    named = {name: form.text(name) for name in ("tag", "untag", "coupon") if form.text(name)}
    # What the form does not show stays as it is.
    kept = {name: value for name, value in (step.effects if step else {}).items() if name == "trial_offer"}
    return kept | named


def _settings(form: Typed, kind: StepKind, step: Step | None) -> StepSettings | None:
    when, arms = _when(form), _arms(form) if kind is StepKind.SPLIT else []
    latest = form.number("latest_days", LONGEST_DAYS) if kind is StepKind.WAIT_UNTIL else 0
    if form.errors:
        return None
    otherwise = Otherwise.LEAVE if form.text("otherwise") == Otherwise.LEAVE else Otherwise.GO_ON
    return StepSettings(
        when=when,
        latest_days=float(latest) if latest else None,
        otherwise=otherwise if kind is StepKind.WAIT_UNTIL else Otherwise.GO_ON,
        arms=arms,
        block_limit=of_step(step).block_limit if step else None,
    )


def _when(form: Typed) -> When:
    weekdays = [int(day) for day in form.several("weekdays") if day in set("0123456")]
    return When(weekdays=weekdays, best_hour=form.is_on("best_hour"), before=_count_back(form))


def _count_back(form: Typed) -> CountBack | None:
    chosen = form.text("before")
    days, day = form.number("before_days", LONGEST_DAYS, -LONGEST_DAYS), form.day("before_day")
    if chosen not in set(DateKind) or form.errors:
        return None
    kind, name = DateKind(chosen), form.text("before_name")
    if kind in {DateKind.CAUSE, DateKind.FIELD} and not name:
        form.add("before_name", _("日付の入った項目の名前を入力してください。"))
        return None
    if kind is DateKind.DAY and day is None:
        form.add("before_day", _("日付を 2026-11-21 のように入力してください。"))
        return None
    return CountBack(date=kind, days=days, name=name or None, day=day if kind is DateKind.DAY else None)


def _arms(form: Typed) -> list[Arm]:
    named = [
        (form.text(f"arm_{number}"), form.number(f"share_{number}", 1000))
        for number in range(1, ARM_ROWS + 1)
    ]
    return [Arm(name=name[:64], share=share) for name, share in named if name]


def show(form: Typed, error: KokyakuError) -> None:
    """Put a refusal beside its field."""
    place = FIELD_OF.get(error.code) or PLACES.get(str(error.params.get("at", "")).partition(".")[0], "")
    words = explain(error)
    if isinstance(error, Invalid) and error.code == "step_settings_invalid":
        words = _(_SAID[place]) if place in _SAID else words
    form.add(place, words)


_SAID = {
    "whom": N_("条件を選んでください。"),
    "latest_days": N_("長くて何日待つかを入力してください。"),
    "arm_1": N_("名前の違う分かれ道を2つ以上、割合を1つ以上入力してください。"),
}
