"""What a rebuild will write of some friends, prepared in another process: statements and their rows, as columns."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from segments import cycle_columns, driver_rows, facts_columns, learned_events
from segments.driver_rows import Statement
from segments.micros import micros_of
from segments.purchase_columns import Ints
from segments.rules import Rules, rules_of
from segments.taking_in import Lesson, Taken, follow, write_down


@dataclass(frozen=True, slots=True)
class Draft:
    """All that is to be written of some friends while the database stands as it did when this was drafted."""

    statements: list[Statement]
    taken: Taken

    def write(self, session: Session, now: datetime) -> None:
        """Write it, and what follows."""
        driver_rows.write(session, self.statements)
        follow(session, self.taken, now)


def draft(session: Session, friend_ids: Ints, lesson: Lesson, rules: Rules, now: datetime) -> Draft | None:
    """Return what is to be written of all friends between the first and the last of these, as the session sees them.

    None when it would not be right: other rules hold by now, or some of them have no facts yet, or are gone.
    """
    if rules_of(session) != rules:
        return None
    first, last = int(friend_ids[0]), int(friend_ids[-1])
    kept = facts_columns.lock_range(session, first, last)
    if kept["friend_id"].tolist() != friend_ids.tolist():
        return None
    before = cycle_columns.stored_range(session, first, last)
    signals = learned_events.signals(session, friend_ids, whole_range=True)
    told: Any = kept["review_at"] <= (micros_of(now) or 0)
    with driver_rows.held_back(session) as statements:
        taken = write_down(session, kept, before, lesson, rules, now, told, signals)
    return Draft(statements, taken)
