"""Control groups: friends who by lot get no offers, so that what offers earn can be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, literal
from sqlalchemy.orm import Session

from segments import policies
from segments.ladder_policies import Thresholds, whole
from segments.leaves.chance import PRIME, coefficients, drawn
from segments.models import Friend

NAME = "control"
MOST = 50
"""Percent; more would be no control group but the audience."""


@dataclass(frozen=True)
class ControlPolicy(Thresholds):
    """The control group of the whole shop."""

    percent: int = whole(0, least=0, most=MOST)
    """Of all friends, who get nothing that sells. Raised, it keeps those who are in it; lowered, it takes no new ones."""
    draw: int = whole(1)
    """Another number draws other friends."""

    @property
    def salt(self) -> str:
        """What the lot is drawn by; the condition `random` with this salt and the same percent means the same friends."""
        return f"control:{self.draw}"


def read(found: Mapping[str, dict[str, Any]]) -> ControlPolicy:
    """Return the policy out of what `policies.in_force` found, the default when it is not there."""
    return ControlPolicy.from_json(found.get(NAME, {}))


def in_force(session: Session) -> ControlPolicy:
    """Return the policy in force now."""
    return read(policies.in_force(session, NAME))


def save(session: Session, policy: ControlPolicy, by: str, now: datetime) -> None:
    """Put a policy in force. Raises Invalid("policy_invalid")."""
    policies.save(session, NAME, ControlPolicy.from_json(policy.to_json()).to_json(), by, now)


def salt_of(broadcast_id: int) -> str:
    """Return what a broadcast's own control group is drawn by: each broadcast holds out other friends."""
    return f"broadcast:{broadcast_id}"


def is_held_out(friend_id: int, salt: str, percent: int) -> bool:
    """Tell whether a friend is among the `percent` drawn by `salt`; always the same answer."""
    return percent > 0 and _drawn(friend_id, salt) < PRIME * percent // 100


def held_out(salt: str, percent: int) -> ColumnElement[bool]:
    """Return the same as an expression over Friend."""
    return drawn(Friend.id, salt) < literal(PRIME * percent // 100, BigInteger())


def _drawn(friend_id: int, salt: str) -> int:
    a, b, c, d = _coefficients(salt)
    x = friend_id % PRIME
    return ((((a * x + b) % PRIME) * x + c) % PRIME * x + d) % PRIME


@lru_cache(maxsize=64)
def _coefficients(salt: str) -> tuple[int, int, int, int]:
    return coefficients(salt)
