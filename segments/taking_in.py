"""Writes what was learned of friends: cycles, facts, rungs with their history and news; only what changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from segments import cycle_columns, facts_columns, ladder_rows, referrals, touching
from segments.cycle_columns import Stored
from segments.facts_columns import Columns
from segments.ladders import judge
from segments.learned import LEARNED, Learned, learned_of
from segments.learned_cycles import Cycles
from segments.micros import Floats, micros_of
from segments.purchase_columns import Bools, Ints, Purchases
from segments.rules import Rules


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the purchases of some friends say, an element a friend, and their cycles by category."""

    facts: Learned
    cycles: Cycles
    names: tuple[str, ...]
    """Categories by their places in `cycles`."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Friends, by id, of whom something changed, and those among them who bought for the first time."""

    changed: Ints
    first_buyers: Ints


def lesson_of(bought: Purchases, rules: Rules) -> Lesson:
    """Return what purchases say."""
    return Lesson(*learned_of(bought, rules.ladders, rules.params, rules.zone), bought.catalogue.names)


def take_in(
    session: Session,
    kept: Columns,
    before: Stored,
    lesson: Lesson,
    rules: Rules,
    now: datetime,
    told: Bools,
    signals: Columns | None = None,
) -> None:
    """Write what was learned of the friends `kept`, who are locked and have the cycle rows `before`, and what follows.

    `told` says for whom moves on the ladders are news; `signals` are other columns of facts that were made anew.
    """
    follow(session, write_down(session, kept, before, lesson, rules, now, told, signals), now)


def write_down(
    session: Session,
    kept: Columns,
    before: Stored,
    lesson: Lesson,
    rules: Rules,
    now: datetime,
    told: Bools,
    signals: Columns | None = None,
) -> Taken:
    """Do the same but for what follows of it: nothing is asked of the database, all is handed to `driver_rows`."""
    ids, now_us = kept["friend_id"], float(micros_of(now) or 0)
    changed = cycle_columns.keep(session, ids, lesson.cycles, lesson.names, before, now_us)
    new: Columns = {name: getattr(lesson.facts, name) for name in LEARNED} | (signals or {})
    new["unlearned_since"] = np.full(len(ids), np.nan)
    changed |= stand(session, kept, new, _dates(lesson.cycles, len(ids)), rules, now, told)
    return Taken(ids[changed], ids[(kept["purchase_count"] == 0) & (new["purchase_count"] > 0)])


def follow(session: Session, taken: Taken, now: datetime) -> None:
    """Have segments look at whom something changed of, and whoever brought first buyers in rewarded."""
    touching.touch(session, taken.changed.tolist())
    referrals.reward_first_purchases(session, taken.first_buyers.tolist(), now)


def stand(
    session: Session,
    kept: Columns,
    new: Columns,
    dates: Mapping[str, Floats],
    rules: Rules,
    now: datetime,
    told: Bools,
) -> Bools:
    """Judge friends by their facts, `kept` but for what is `new`, and write what changed; tell for whom any did."""
    now_us = float(micros_of(now) or 0)
    seen = facts_columns.seen(kept | new, dates)
    judged = judge(seen, rules.ladders, now_us)
    ladder_rows.record(session, kept, judged, seen, rules.ladders, now_us, told)
    return facts_columns.write(session, kept, new | ladder_rows.after(kept, judged, now_us))


def _dates(cycles: Cycles, size: int) -> dict[str, Any]:
    overall = np.flatnonzero(cycles.category == 0)
    dates = {name: np.full(size, np.nan) for name in ("due_at", "slip_at", "lapse_at")}
    for name, column in dates.items():
        column[cycles.who[overall]] = getattr(cycles, name)[overall]
    return dates
