"""Reads what is kept of one friend's purchase cycles; segments.cycle_columns keeps the rows of many."""

from dataclasses import fields

from segments.cycle import CycleState
from segments.models import Cycle


def state_of(row: Cycle) -> CycleState:
    """Return the state that a row keeps."""
    return CycleState(**{each.name: getattr(row, each.name) for each in fields(CycleState)})
