"""Targets: the value that a figure is to reach and the day by which; every change stays on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from segments import policies
from segments.errors import Invalid
from segments.models import Policy


class Aim(StrEnum):
    """A figure that a target can be set for; scheduler.aim_figures says what each counts."""

    F2 = "f2"
    REPEAT = "repeat"
    REFERRALS = "referrals"
    SATISFACTION = "satisfaction"
    BLOCKS = "blocks"
    ORDER_COST = "order_cost"


SHARES = frozenset({Aim.F2, Aim.REPEAT, Aim.SATISFACTION, Aim.BLOCKS})
"""Figures from 0 to 1."""
LOWER_IS_BETTER = frozenset({Aim.BLOCKS, Aim.ORDER_COST})
MOST = {Aim.REFERRALS: 999_999, Aim.ORDER_COST: 999_999}
"""Friends and yen: more is a typing error."""
LONGEST = timedelta(days=1100)


@dataclass(frozen=True)
class Target:
    """What a figure is to reach."""

    value: float
    until: date
    """The last day, in the shop's zone."""
    began: date
    """The day it was set."""
    start: float | None
    """What the figure was on that day; None when it had no value yet."""


@dataclass(frozen=True)
class Version:
    """One change of a target."""

    at: datetime
    by: str
    target: Target | None
    """None where it was dropped."""


def in_force(session: Session) -> dict[Aim, Target]:
    """Return every target there is, in the order of the figures."""
    found = policies.in_force(session, *(_name(aim) for aim in Aim))
    read = {aim: _read(found.get(_name(aim), {})) for aim in Aim}
    return {aim: target for aim, target in read.items() if target is not None}


def versions(session: Session, aim: Aim) -> Sequence[Version]:
    """Return every change of a figure's target, the newest first."""
    return [_version(row) for row in policies.versions(session, _name(aim))]


def choose(session: Session, aim: Aim, target: Target, by: str, now: datetime) -> None:
    """Set a target; raises Invalid (target_value, target_day)."""
    most = 1 if aim in SHARES else MOST[aim]
    if not 0 < target.value <= most:
        raise Invalid("target_value")
    if not target.began < target.until <= target.began + LONGEST:
        raise Invalid("target_day")
    data: dict[str, Any] = {
        "value": target.value,
        "until": target.until.isoformat(),
        "began": target.began.isoformat(),
        "start": target.start,
    }
    policies.save(session, _name(aim), data, by, now)


def drop(session: Session, aim: Aim, by: str, now: datetime) -> bool:
    """Have a target no more; tell whether there was one."""
    if aim not in in_force(session):
        return False
    policies.save(session, _name(aim), {}, by, now)
    return True


def _name(aim: Aim) -> str:
    return f"target:{aim.value}"


def _version(row: Policy) -> Version:
    return Version(row.created_at, row.created_by, _read(row.data))


def _read(data: dict[str, Any]) -> Target | None:
    if not data:
        return None
    until, began = date.fromisoformat(data["until"]), date.fromisoformat(data["began"])
    return Target(float(data["value"]), until, began, data["start"])
