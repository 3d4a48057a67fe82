"""Where friends in a scenario go next, and when: past steps whose date they lack, or out at the end."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from scheduler import step_timing
from scheduler.models import Step
from scheduler.scenario_flow import Flow
from scheduler.step_timing import Arriving
from segments.shop import Shop


class Heading(NamedTuple):
    """One enrolment and the step it goes to; None = it is through."""

    who: Arriving
    step: Step | None


class Place(NamedTuple):
    """The step an enrolment waits for, and when that is due."""

    step_id: int
    due: datetime


@dataclass
class Placed:
    """Where everybody has got to."""

    places: dict[int, Place] = field(default_factory=dict[int, Place])
    through: list[int] = field(default_factory=list[int])
    passed: list[Heading] = field(default_factory=list[Heading])
    """Steps that were passed over, because the date they count back from is unknown or gone."""


def place(session: Session, flow: Flow, headings: Iterable[Heading], now: datetime, settings: Shop) -> Placed:
    """Return where enrolments wait next: a handful of queries for each step, however many they are.

    Each round leads them further on, and no way leads back, so it ends.
    """
    found, on_the_way = Placed(), list(headings)
    while on_the_way:
        found.through += [who.id for who, step in on_the_way if step is None]
        by_step: dict[int, list[Heading]] = {}
        for heading in on_the_way:
            if heading.step is not None:
                by_step.setdefault(heading.step.id, []).append(heading)
        on_the_way = [
            Heading(heading.who, flow.after(step))
            for together in by_step.values()
            if (step := together[0].step) is not None
            for heading in _arrive(session, found, step, together, now, settings)
        ]
    return found


def _arrive(
    session: Session,
    found: Placed,
    step: Step,
    together: Collection[Heading],
    now: datetime,
    settings: Shop,
) -> list[Heading]:
    """Note when the step is due for each; return those who pass it over."""
    due = step_timing.due_dates(session, step, [each.who for each in together], now, settings)
    found.places.update({id_: Place(step.id, moment) for id_, moment in due.items()})
    passing = [each for each in together if each.who.id not in due]
    found.passed += passing
    return passing
