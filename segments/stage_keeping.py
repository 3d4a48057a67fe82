"""Judges friends anew by the facts already known, and says why they stand where they do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import facts_columns, ladder_rows, touching
from segments.facts_columns import Columns
from segments.ladder_facts import FACTS, LadderFacts, micros
from segments.ladder_policies import LadderPolicies
from segments.ladder_rules import Ladder
from segments.ladders import judge
from segments.micros import as_micros, floats
from segments.models import Cycle, Facts
from segments.purchase_history import EVERYTHING
from segments.stages import PYRAMID

KEPT = tuple(name for name in FACTS if hasattr(Facts, name))
"""The facts that are kept under the names that the ladders know them by."""
DATES = ("due_at", "slip_at", "lapse_at")


def look_at(
    session: Session,
    friend_ids: Sequence[int],
    policies: LadderPolicies,
    now: datetime,
    *,
    announce: bool = True,
) -> None:
    """Judge friends, given by ascending id, anew on every ladder, and lock them until the transaction ends.

    What changed is written by `ladder_rows`, as it is when purchases are learned: every move with its reason, and as
    news unless `announce` is off.
    """
    session.flush()
    kept = facts_columns.lock(session, friend_ids)
    seen = facts_columns.seen(kept, _dates(session, kept))
    judged = judge(seen, policies, micros(now))
    told = np.full(len(seen), announce)
    ladder_rows.record(session, kept, judged, seen, policies, micros(now), told)
    changed = facts_columns.write(session, kept, ladder_rows.after(kept, judged, micros(now)))
    touching.touch(session, kept["friend_id"][changed].tolist())


def _dates(session: Session, kept: Columns) -> Columns:
    """Return the days of the cycles over all purchases."""
    ids = kept["friend_id"]
    dates: Columns = {name: np.full(len(ids), np.nan) for name in DATES}
    buyers: list[int] = ids[kept["purchase_count"] > 0].tolist()
    if not buyers:
        return dates
    query = select(Cycle.friend_id, *(as_micros(getattr(Cycle, name)) for name in DATES))
    rows = session.execute(query.where(Cycle.friend_id.in_(buyers), Cycle.category == EVERYTHING)).all()
    if rows:
        friend_id, *columns = zip(*rows, strict=True)
        places = np.searchsorted(ids, np.array(friend_id, dtype=np.int64))
        for name, column in zip(DATES, columns, strict=True):
            dates[name][places] = floats(column)
    return dates


def reason_params(facts: Facts, policies: LadderPolicies, ladder: Ladder = PYRAMID) -> dict[str, Any]:
    """Return what the words of a friend's present reason speak of; it follows from the facts and is not stored."""
    reason = getattr(facts, ladder.reason_column) if ladder.reason_column else ""
    rule = ladder.rule_for(reason)
    if rule is None:
        return {}
    known = {name: getattr(facts, name) for name in KEPT}
    return rule.params(LadderFacts(reaction_count=facts.message_count + facts.tap_count, **known), policies)
