"""What changed when friends were judged anew: their moves from rung to rung, as history and as news."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from segments.ladder_facts import LadderColumns
from segments.ladder_policies import LadderPolicies
from segments.ladder_rules import LadderName, Rule
from segments.ladders import LADDERS, Judged

OFFER_ENDED = "trial_offer_ended"


class Move(NamedTuple):
    """One friend's step on one ladder."""

    at: int
    """Which of the friends that were judged."""
    ladder: LadderName
    from_rung: str
    rule: Rule
    """What decided; it says to which rung and why."""
    params: dict[str, Any]

    def history(self, friend_id: int, now: datetime) -> dict[str, Any]:
        """Return the row of StageChange."""
        return {
            "friend_id": friend_id,
            "ladder": self.ladder.value,
            "from_stage": self.from_rung or None,
            "to_stage": str(self.rule.rung),
            "reason": self.rule.reason,
            "reason_params": self.params,
            "at": now,
        }

    @property
    def is_news(self) -> bool:
        """Whether scenarios are told."""
        return LADDERS[self.ladder].is_news

    def news(self) -> dict[str, Any]:
        """Return the payload of STAGE_CHANGED."""
        return {
            "ladder": self.ladder.value,
            "from": self.from_rung,
            "to": str(self.rule.rung),
            "reason": self.rule.reason,
        }


def moves(
    before: Mapping[LadderName, Sequence[str]],
    judged: Judged,
    columns: LadderColumns,
    policies: LadderPolicies,
) -> Iterator[Move]:
    """Give every move, ladder by ladder; `before` holds the rungs by name on which the friends stood."""
    for name, standing in judged.standings.items():
        ladder = LADDERS[name]
        for index in np.flatnonzero(ladder.codes(before[name]) != standing.rungs).tolist():
            rule = ladder.rules[int(standing.rules[index])]
            yield Move(index, name, before[name][index], rule, rule.params(columns, policies, index))


def offers_ended(
    reasons_before: Sequence[str], judged: Judged, columns: LadderColumns, policies: LadderPolicies
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give (index, payload of TRIAL_OFFER_ENDED) for whom the trial offer has newly ended on the pyramid."""
    pyramid = LADDERS[LadderName.PYRAMID]
    code = pyramid.reasons.index(OFFER_ENDED)
    for index in np.flatnonzero(judged.standings[LadderName.PYRAMID].rules == code).tolist():
        if reasons_before[index] != OFFER_ENDED:
            yield index, pyramid.rules[code].params(columns, policies, index)
