"""The contact plan (接触回数): how often friends of each stage are written to at most and at least, and how much of it may sell."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy.orm import Session

from segments import policies
from segments.contact_tally import KEPT
from segments.errors import Invalid
from segments.ladder_policies import Thresholds, whole
from segments.stages import Stage

NAME = "contact"
WEEK, MONTH = 7, 30
"""Days, today included, in which messages are counted."""


@dataclass(frozen=True)
class Limits(Thresholds):
    """The plan for one stage. Seed 003 asks for more contact that does not sell, and for less that does."""

    week: int = whole(4, least=0, most=KEPT)
    """Messages in 7 days at most. Shops are commonly told one a week, two to four a month."""
    month: int = whole(12, least=0, most=KEPT)
    """Messages in 30 days at most."""
    floor: int = whole(1, least=0, most=KEPT)
    """Messages in 30 days that a friend should get; who gets fewer is listed, nothing is sent for it."""
    sales_percent: int = whole(80, least=0, most=100)
    """Of the last messages, the one about to leave included, so many percent may sell; …"""
    sales_of_last: int = whole(5, most=KEPT)
    """… counted over so many."""

    @property
    def sales(self) -> int:
        """How many of the last messages may sell."""
        return self.sales_of_last * self.sales_percent // 100


QUIET_STAGES: Mapping[str, Limits] = {
    Stage.AWARE: Limits(floor=0),
    # S13: a last invitation, then silence.
    Stage.EXIT: Limits(week=1, month=2, floor=0),
}
"""Where the plan differs unless the shop says otherwise."""


@dataclass(frozen=True)
class ContactPolicy:
    """Limits for everybody, and those of stages that differ."""

    default: Limits = field(default_factory=Limits)
    stages: Mapping[str, Limits] = field(default_factory=lambda: QUIET_STAGES)
    closed_days: int = 0
    """0: messages leave on the shop's closed days too; 1: what scenarios send waits; 2: broadcasts wait as well."""

    def of(self, stage: str) -> Limits:
        """Return the limits of a stage."""
        return self.stages.get(stage, self.default)

    def to_json(self) -> dict[str, Any]:
        """Write the policy as plain JSON."""
        stages = {stage: limits.to_json() for stage, limits in self.stages.items()}
        return {"default": asdict(self.default), "stages": stages, "closed_days": self.closed_days}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ContactPolicy":
        """Read a policy; what is not said keeps its default. Raises Invalid("policy_invalid")."""
        _only(data, [each.name for each in fields(cls)])
        closed = data.get("closed_days", 0)
        if type(closed) is not int or not 0 <= closed <= 2:
            raise Invalid("policy_invalid", field="closed_days", least=0, most=2)
        if "stages" not in data:
            return cls(Limits.from_json(_object(data, "default")), closed_days=closed)
        stages = _object(data, "stages")
        _only(stages, list(Stage))
        read = {stage: Limits.from_json(_object(stages, stage)) for stage in stages}
        return cls(Limits.from_json(_object(data, "default")), read, closed)

    def changed(self, changes: Mapping[str, Any]) -> "ContactPolicy":
        """Return the policy with changes by name: `week` or `closed_days`, or for one stage `regular.week`.

        A stage with None for its name (`regular=none`) follows the default again. Raises Invalid("policy_invalid").
        """
        policy = self
        for name, value in changes.items():
            policy = policy._with(name, value)
        return policy

    def _with(self, name: str, value: Any) -> "ContactPolicy":
        stage, dot, limit = name.partition(".")
        if name == "closed_days":
            return ContactPolicy.from_json(self.to_json() | {name: value})
        if not dot and name in list(Stage):
            if value is not None:
                raise Invalid("policy_invalid", field=name)
            return replace(self, stages={each: rest for each, rest in self.stages.items() if each != name})
        if not dot:
            known = [each.name for each in fields(Limits)]
            _only({name: value}, [*known, "closed_days", *(f"{each}.week" for each in Stage)])
            return replace(self, default=Limits.from_json(self.default.to_json() | {name: value}))
        _only({stage: value}, list(Stage))
        limits = Limits.from_json(self.of(stage).to_json() | {limit: value})
        return replace(self, stages={**self.stages, stage: limits})


def in_force(session: Session) -> ContactPolicy:
    """Return the plan in force now."""
    return read(policies.in_force(session, NAME))


def read(found: Mapping[str, dict[str, Any]]) -> ContactPolicy:
    """Return the plan out of what `policies.in_force` found, the default when it is not there."""
    return ContactPolicy.from_json(found.get(NAME, {}))


def save(session: Session, policy: ContactPolicy, by: str, now: datetime) -> None:
    """Put a plan in force for whatever is judged from now on. Raises Invalid("policy_invalid")."""
    policies.save(session, NAME, ContactPolicy.from_json(policy.to_json()).to_json(), by, now)


def _only(data: Mapping[str, Any], known: list[str]) -> None:
    for name in data:
        if name not in known:
            raise Invalid("policy_invalid", field=name, known=[str(each) for each in known])


def _object(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = data.get(name, {})
    if not isinstance(value, Mapping):
        raise Invalid("policy_invalid", field=name)
    return cast("Mapping[str, Any]", value)
