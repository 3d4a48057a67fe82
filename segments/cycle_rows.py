"""Reads what is kept of one friend's purchase cycles; segments.cycle_columns keeps the rows of many."""

from dataclasses import fields

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments.cycle import CycleState
from segments.ladder_facts import NO_DATES, CycleDates
from segments.models import Cycle
from segments.purchase_history import EVERYTHING


def state_of(row: Cycle) -> CycleState:
    """Return the state that a row keeps."""
    return CycleState(**{each.name: getattr(row, each.name) for each in fields(CycleState)})


def dates_of(session: Session, friend_id: int) -> CycleDates:
    """Return the dates of the friend's overall cycle; NO_DATES when nothing was bought."""
    overall = select(Cycle.due_at, Cycle.slip_at, Cycle.lapse_at).where(
        Cycle.friend_id == friend_id, Cycle.category == EVERYTHING
    )
    row = session.execute(overall).one_or_none()
    return CycleDates(*row) if row else NO_DATES
