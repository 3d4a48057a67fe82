"""What trust (信頼貯金) is raised and lowered by, as the shop decides; every version stays known."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from segments import driver_queries, policies
from segments.ladder_policies import Thresholds, days, whole
from segments.models import Policy, TrustKind

NAME = "trust"
OPENING = 10
"""What every account opens with: following us is some trust in advance. The default of Facts.trust."""


@dataclass(frozen=True)
class TrustPolicy(Thresholds):
    """Points for what was done (seed 000, 信頼貯金). An account below zero is in the red: care, no sales."""

    care: int = whole(1, least=0, most=20)
    """What a message of care that LINE took adds."""
    sale: int = whole(1, least=0, most=20)
    """What a message that sells costs."""
    tap: int = whole(1, least=0, most=100)
    reply: int = whole(1, least=0, most=100)
    purchase: int = whole(5, least=0, most=100)
    answered: int = whole(2, least=0, most=100)
    """What answering a friend's question adds."""
    unanswered: int = whole(5, least=0, most=100)
    """What a question costs that nobody answered within …"""
    unanswered_hours: int = whole(24, most=24 * 30)
    """… so many hours."""
    complaint: int = whole(20, least=0, most=100)
    complaint_silence_days: int = days(14, least=0)
    """For how long nothing is sold after a complaint, however much trust is left."""
    block: int = whole(10, least=0, most=100)
    highest: int = whole(100, least=OPENING, most=10_000)
    """More than this nobody saves up: a complaint must be felt."""
    lowest: int = whole(100, most=10_000)
    """Nobody owes more than this."""
    recovery_days: int = days(7)
    """In how many days time alone takes a point off what is owed."""

    @property
    def recovery(self) -> timedelta:
        """How long time alone takes for one point."""
        return timedelta(days=self.recovery_days)

    @property
    def unanswered_after(self) -> timedelta:
        """How long a question may wait."""
        return timedelta(hours=self.unanswered_hours)

    def weight(self, kind: TrustKind) -> int:
        """Return the points one happening of a kind adds, or with a minus costs."""
        costs = {TrustKind.SALE, TrustKind.UNANSWERED, TrustKind.COMPLAINT, TrustKind.BLOCK}
        points: int = getattr(self, kind.value)
        return -points if kind in costs else points


@dataclass(frozen=True)
class TrustRules:
    """Every policy the shop ever had, the oldest first, each with the moment from which it held."""

    versions: tuple[tuple[datetime, TrustPolicy], ...]

    def at(self, moment: datetime) -> TrustPolicy:
        """Return the policy in force at `moment`."""
        held = [policy for since, policy in self.versions if since <= moment]
        return held[-1] if held else TrustPolicy()


_NEWEST = (
    select(cast(Policy.__table__.c.data, Text))
    .where(Policy.__table__.c.name == NAME)
    .order_by(Policy.__table__.c.id.desc())
    .limit(1)
)


@lru_cache(maxsize=16)
def _understood(data: str | None) -> TrustPolicy:
    return TrustPolicy.from_json(json.loads(data) if data else {})


def in_force(session: Session) -> TrustPolicy:
    """Return the policy in force now."""
    # Asked for with every purchase and every tap: past the ORM, and understood once.
    found = driver_queries.asked(session, _NEWEST, {})
    return _understood(found[0][0] if found else None)


def read(found: Mapping[str, dict[str, Any]]) -> TrustPolicy:
    """Return the policy out of what `policies.in_force` found, the default when it is not there."""
    return TrustPolicy.from_json(found.get(NAME, {}))


def rules(session: Session) -> TrustRules:
    """Return every policy the shop had."""
    saved = select(Policy.created_at, Policy.data).where(Policy.name == NAME)
    rows = session.execute(saved.order_by(Policy.created_at, Policy.id))
    return TrustRules(tuple((since, TrustPolicy.from_json(data)) for since, data in rows))


def save(session: Session, policy: TrustPolicy, by: str, now: datetime) -> None:
    """Weigh by another policy from `now` on; what was entered stays. Raises Invalid("policy_invalid")."""
    policies.save(session, NAME, TrustPolicy.from_json(policy.to_json()).to_json(), by, now)
