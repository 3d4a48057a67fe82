"""How a ladder is written down: a table of rules that hold or do not hold for whole columns of friends at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segments.ladder_facts import Bools, Floats, LadderColumns, LadderFacts, said
from segments.ladder_policies import LadderPolicies

Codes = NDArray[np.int8]
Holds = Callable[[LadderColumns, LadderPolicies, float], Bools]
Turns = Callable[[LadderColumns, LadderPolicies], Iterable[Floats]]

NO_RUNG = ""
"""Where friends stand on a ladder that begins with the first purchase, before it."""


class LadderName(StrEnum):
    """The four ladders, as `StageChange.ladder` names them."""

    PYRAMID = "pyramid"
    GROWTH = "growth"
    CLASS = "class"
    STATUS = "status"


@dataclass(frozen=True)
class Rule:
    """One way onto a rung."""

    rung: str
    reason: str
    holds: Holds
    """Asked only of friends for whom no rule above it holds."""
    means: str
    """What `holds` asks, in words."""
    way_up: str
    way_out: str
    source: str
    """Seed document and heading."""
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the words of the reason speak of: their name for it, and the fact."""
    thresholds: Mapping[str, str] = field(default_factory=dict[str, str])
    """The same for what the policy says, as `policy.threshold`."""
    suppressed: bool = False
    """Whether no further offers go out (今後不必要な案内は出さない)."""

    def params(
        self, facts: LadderFacts | LadderColumns, policies: LadderPolicies, index: int = 0
    ) -> dict[str, Any]:
        """Return what the words of the reason speak of, as plain JSON; of columns, for the friend at `index`."""
        of_facts = {word: said(facts, name, index) for word, name in self.facts.items()}
        of_policy = {word: _threshold(policies, path) for word, path in self.thresholds.items()}
        return {word: value for word, value in (of_facts | of_policy).items() if value is not None}


def _threshold(policies: LadderPolicies, path: str) -> Any:
    policy, name = path.split(".")
    return getattr(getattr(policies, policy), name)


class Standing(NamedTuple):
    """Where friends stand on one ladder: codes into its `rungs` and into its `rules`."""

    rungs: Codes
    rules: Codes


@dataclass(frozen=True)
class Ladder:
    """One ladder: its rungs, lowest first, and the rules that decide among them, in the order they are asked."""

    name: LadderName
    rungs: tuple[str, ...]
    rules: tuple[Rule, ...]
    turns: Turns
    """The moments at which time alone may move a friend; nan where it cannot."""
    rung_column: str
    since_column: str
    reason_column: str | None
    """Columns of Facts that keep the outcome."""
    is_news: bool = True
    """Whether a move is told to scenarios."""

    @cached_property
    def reasons(self) -> tuple[str, ...]:
        """The reason of each rule."""
        return tuple(rule.reason for rule in self.rules)

    @cached_property
    def rung_of_rule(self) -> Codes:
        """The rung to which each rule leads."""
        return np.array([self.rungs.index(rule.rung) for rule in self.rules], dtype=np.int8)

    @cached_property
    def _code(self) -> dict[str, int]:
        return {rung: code for code, rung in enumerate(self.rungs)}

    def codes(self, rungs: Sequence[str]) -> Codes:
        """Return the codes of rungs by name; -1, which is no rung, for a name that is not of this ladder."""
        return np.fromiter(map(self._code.get, rungs, repeat(-1)), np.int8, len(rungs))

    def stand(self, columns: LadderColumns, policies: LadderPolicies, now_us: float) -> Standing:
        """Return where friends stand at `now_us`; the last rule must hold for everybody."""
        decided = np.full(len(columns), len(self.rules) - 1, dtype=np.int8)
        # From the last to the first: whichever is written last stands, and the first rule counts most.
        for code in range(len(self.rules) - 2, -1, -1):
            decided[self.rules[code].holds(columns, policies, now_us)] = code
        return Standing(self.rung_of_rule[decided], decided)

    def rule_for(self, reason: str) -> Rule | None:
        """Return the rule with this reason, None when no rule has it (any more)."""
        return next((rule for rule in self.rules if rule.reason == reason), None)


def everybody(columns: LadderColumns, _policies: LadderPolicies, _now: float) -> Bools:
    """Hold for all."""
    return np.ones(len(columns), dtype=np.bool_)


def only(where: Bools, moments: Floats) -> Floats:
    """Return the moments where they matter, nan elsewhere."""
    return np.where(where, moments, np.nan)
