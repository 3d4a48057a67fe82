"""The shop's rule for points: how much buys one, and how long they last."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments import policies
from segments.errors import Invalid
from segments.models import Policy

NAME = "points"
MOST_YEN, MOST_DAYS, MOST_POINT_YEN = 1_000_000, 3650, 10_000


@dataclass(frozen=True)
class PointPolicy:
    """One rule; a purchase earns by the rule that was in force when it was bought."""

    yen_per_point: int = 0
    """Yen of a purchase, tax included and refunds taken off, for one point; 0 gives none."""
    expire_days: int | None = None
    """Days after the purchase, or the gift, on which points go; None keeps them."""

    point_yen: int = 1
    """Yen that one point takes off at the till; 0 when points cannot be used there."""

    @property
    def is_on(self) -> bool:
        """Whether purchases earn points."""
        return self.yen_per_point > 0

    def earned(self, yen: int) -> int:
        """Return the points that `yen` earn; parts of a point are dropped."""
        return max(yen, 0) // self.yen_per_point if self.is_on else 0

    def expires_at(self, since: datetime) -> datetime | None:
        """Return when points of `since` go; None when they stay."""
        return None if self.expire_days is None else since + timedelta(days=self.expire_days)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "PointPolicy":
        """Read a stored rule; raises Invalid("policy_invalid", field=…)."""
        limits = {
            "yen_per_point": (0, MOST_YEN),
            "expire_days": (1, MOST_DAYS),
            "point_yen": (0, MOST_POINT_YEN),
        }
        for field, value in data.items():
            if field not in limits:
                raise Invalid("policy_invalid", field=field)
            low, high = limits[field]
            missing = value is None and field == "expire_days"
            if not missing and not (type(value) is int and low <= value <= high):
                raise Invalid("policy_invalid", field=field)
        return cls(**data)

    def to_json(self) -> dict[str, Any]:
        """Write the rule as plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class PointRules:
    """Every rule the shop ever had, the oldest first, each with the moment from which it held."""

    versions: tuple[tuple[datetime, PointPolicy], ...]

    def at(self, moment: datetime) -> PointPolicy:
        """Return the rule in force at `moment`; before the first one nothing is earned."""
        found = PointPolicy()
        for since, policy in self.versions:
            if since > moment:
                break
            found = policy
        return found

    @property
    def ever_on(self) -> bool:
        """Whether purchases earned points under any of the rules, so that refunds may have to take some back."""
        return any(policy.is_on for _, policy in self.versions)

    @property
    def newest(self) -> PointPolicy:
        """The rule in force now."""
        return self.versions[-1][1] if self.versions else PointPolicy()


def in_force(session: Session) -> PointPolicy:
    """Return the rule in force now."""
    return PointPolicy.from_json(policies.in_force(session, NAME).get(NAME, {}))


def rules(session: Session) -> PointRules:
    """Return every rule the shop had."""
    rows = session.execute(
        select(Policy.created_at, Policy.data)
        .where(Policy.name == NAME)
        .order_by(Policy.created_at, Policy.id)
    )
    return PointRules(tuple((since, PointPolicy.from_json(data)) for since, data in rows))


def save(session: Session, policy: PointPolicy, by: str, now: datetime) -> None:
    """Put a rule in force for purchases from `now` on; points already earned keep their day."""
    checked = PointPolicy.from_json(policy.to_json())
    policies.save(session, NAME, checked.to_json(), by, now)
