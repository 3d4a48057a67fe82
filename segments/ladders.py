"""All four ladders together: where friends stand on each, and when they must next be looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from segments.classes import CLASSES
from segments.growth import GROWTH
from segments.ladder_facts import Bools, Floats, LadderColumns, LadderFacts, columns_of, micros
from segments.ladder_judging import next_turn
from segments.ladder_policies import ClassPolicy, GrowthPolicy, LadderPolicies, StagePolicy
from segments.ladder_rules import Ladder, LadderName, Rule, Standing
from segments.purchase_status import STATUS
from segments.stages import PYRAMID

__all__ = [
    "LADDERS",
    "ClassPolicy",
    "GrowthPolicy",
    "Judged",
    "Ladder",
    "LadderColumns",
    "LadderFacts",
    "LadderName",
    "LadderPolicies",
    "Rule",
    "StagePolicy",
    "Standing",
    "columns_of",
    "judge",
    "judge_friends",
]

LADDERS: Mapping[LadderName, Ladder] = {ladder.name: ladder for ladder in (PYRAMID, GROWTH, CLASSES, STATUS)}

_SUPPRESSED = np.array([rule.suppressed for rule in PYRAMID.rules])


@dataclass(frozen=True)
class Judged:
    """What the ladders say of friends, an element each."""

    standings: Mapping[LadderName, Standing]
    review_at: Floats
    """In microseconds since 1970: the first moment at which time alone may move them; nan when never."""
    suppressed: Bools
    """Whether no further offers go out."""

    def rungs(self, name: LadderName) -> list[str]:
        """Return the names of the rungs."""
        ladder = LADDERS[name]
        return [ladder.rungs[code] for code in self.standings[name].rungs.tolist()]

    def reasons(self, name: LadderName) -> list[str]:
        """Return the reasons."""
        reasons = LADDERS[name].reasons
        return [reasons[code] for code in self.standings[name].rules.tolist()]


def judge(columns: LadderColumns, policies: LadderPolicies, now_us: float) -> Judged:
    """Say where friends stand on every ladder at `now_us`, microseconds since 1970-01-01 UTC."""
    standings = {name: ladder.stand(columns, policies, now_us) for name, ladder in LADDERS.items()}
    review_at = next_turn(LADDERS.values(), columns, policies, now_us)
    return Judged(standings, review_at, _SUPPRESSED[standings[LadderName.PYRAMID].rules])


def judge_friends(friends: list[LadderFacts], policies: LadderPolicies, now: datetime) -> Judged:
    """Say the same of friends given as plain values."""
    return judge(columns_of(friends), policies, micros(now))
