"""Is a target on course? Judged by the straight way from what the figure was to what it is to be."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scheduler.targets import LOWER_IS_BETTER, Aim, Target


class Course(StrEnum):
    """How a target stands."""

    REACHED = "reached"
    """The figure is as good as wanted, and the day is still to come."""
    ON_COURSE = "on_course"
    BEHIND = "behind"
    UNKNOWN = "unknown"
    """The figure has no value, or had none when the target was set."""
    MET = "met"
    """The day is over, and the figure was as good as wanted."""
    MISSED = "missed"


@dataclass(frozen=True)
class Standing:
    """How a target stands on a day."""

    course: Course
    value: float | None
    """The figure on that day, or on the target's last one."""
    expected: float | None
    """What it should be by now on the straight way; None where that is not known."""


def judge(aim: Aim, target: Target, value: float | None, today: date) -> Standing:
    """Say how a target stands; `value` is the figure as of today, or of the last day once that is over."""
    over = today > target.until
    if value is None:
        return Standing(Course.UNKNOWN, None, None)
    if is_as_good(aim, value, target.value):
        return Standing(Course.MET if over else Course.REACHED, value, None)
    if over:
        return Standing(Course.MISSED, value, None)
    expected = _expected(target, today)
    if expected is None:
        return Standing(Course.UNKNOWN, value, None)
    on_course = is_as_good(aim, value, expected)
    return Standing(Course.ON_COURSE if on_course else Course.BEHIND, value, expected)


def is_as_good(aim: Aim, value: float, wanted: float) -> bool:
    """Tell whether a value is at least as good as another one."""
    # Figures are shares of counts: what only rounding divides is the same.
    return value <= wanted + 1e-9 if aim in LOWER_IS_BETTER else value >= wanted - 1e-9


def _expected(target: Target, today: date) -> float | None:
    if target.start is None:
        return None
    passed = (today - target.began) / (target.until - target.began)
    return target.start + (target.value - target.start) * min(max(passed, 0.0), 1.0)
