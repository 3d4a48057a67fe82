"""Editable policies, kept as versions: the newest row of a name is in force."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from segments.cycle import CycleParams
from segments.models import Facts, Policy
from segments.stages import StagePolicy

STAGES, CYCLE, REFERRAL = "stages", "cycle", "referral"
NEWCOMER_DAYS = 30


_IN_FORCE = select(Policy.name, Policy.data).where(
    Policy.id.in_(
        select(func.max(Policy.id))
        .where(Policy.name.in_(bindparam("names", expanding=True)))
        .group_by(Policy.name)
    )
)


def in_force(session: Session, *names: str) -> dict[str, dict[str, Any]]:
    """Return the newest data saved under each of the names; without an entry the defaults hold."""
    return dict(session.execute(_IN_FORCE, {"names": list(names)}).all())


def learning_rules(session: Session) -> tuple[StagePolicy, CycleParams]:
    """Return the rules of the pyramid and the parameters of the cycle, in one query."""
    found = in_force(session, STAGES, CYCLE)
    return StagePolicy.from_json(found.get(STAGES, {})), CycleParams.from_json(found.get(CYCLE, {}))


def save(session: Session, name: str, data: dict[str, Any], by: str, now: datetime) -> None:
    """Add a version; `by` says who, e.g. `operator:3`."""
    session.add(Policy(name=name, data=data, created_at=now, created_by=by))
    session.flush()


def stage_policy(session: Session) -> StagePolicy:
    """Return the shop's rules for the pyramid."""
    return StagePolicy.from_json(in_force(session, STAGES).get(STAGES, {}))


def save_stage_policy(session: Session, policy: StagePolicy, by: str, now: datetime) -> None:
    """Put new rules in force; everyone is looked at again by the next reviews, batch by batch."""
    checked = StagePolicy.from_json(policy.to_json())
    save(session, STAGES, checked.to_json(), by, now)
    session.execute(update(Facts).values(review_at=now))


def cycle_params(session: Session) -> CycleParams:
    """Return the parameters of the purchase-cycle model."""
    return CycleParams.from_json(in_force(session, CYCLE).get(CYCLE, {}))


def save_cycle_params(session: Session, params: CycleParams, by: str, now: datetime) -> None:
    """Put new parameters in force; every buyer's dates are made anew by the next reviews."""
    checked = CycleParams.from_json(params.to_json())
    save(session, CYCLE, checked.to_json(), by, now)
    session.execute(update(Facts).where(Facts.purchase_count > 0).values(review_at=now))


def newcomer_days(session: Session) -> int:
    """Return for how many days after following a friend may still enter a referral code."""
    return in_force(session, REFERRAL).get(REFERRAL, {}).get("newcomer_days", NEWCOMER_DAYS)
