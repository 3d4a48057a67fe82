"""Says where one friend stands on a ladder, by the same rules that serve a million."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from segments.ladder_facts import Floats, LadderColumns, LadderFacts, columns_of, micros, moment
from segments.ladder_policies import LadderPolicies
from segments.ladder_rules import Ladder


@dataclass(frozen=True)
class Verdict:
    """Where a friend stands, why, and until when that cannot change by time alone."""

    stage: str
    reason: str
    params: dict[str, Any]
    review_at: datetime | None
    suppressed: bool


def verdict_of(ladder: Ladder, facts: LadderFacts, policies: LadderPolicies, now: datetime) -> Verdict:
    """Return the rung of one ladder on which `facts` put a friend at `now`."""
    columns, now_us = columns_of([facts]), micros(now)
    rule = ladder.rules[int(ladder.stand(columns, policies, now_us).rules[0])]
    review_at = moment(float(next_turn([ladder], columns, policies, now_us)[0]))
    return Verdict(rule.rung, rule.reason, rule.params(facts, policies), review_at, rule.suppressed)


def next_turn(
    ladders: Iterable[Ladder], columns: LadderColumns, policies: LadderPolicies, now_us: float
) -> Floats:
    """Return the first moment after `now_us` at which time alone may move friends on any ladder; nan when never."""
    turns = np.array([turn for ladder in ladders for turn in ladder.turns(columns, policies)])
    turns[turns <= now_us] = np.nan
    return np.fmin.reduce(turns)
