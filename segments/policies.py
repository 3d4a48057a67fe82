"""Editable policies, kept as versions: the newest row of a name is in force."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from segments.cycle import CycleParams
from segments.ladder_policies import ClassPolicy, GrowthPolicy, LadderPolicies, StagePolicy
from segments.models import Facts, Policy

STAGES, GROWTH, CLASSES, CYCLE, REFERRAL = "stages", "growth", "classes", "cycle", "referral"
NEWCOMER_DAYS = 30


AnyLadderPolicy = StagePolicy | GrowthPolicy | ClassPolicy

LADDER_KINDS: Mapping[str, type[AnyLadderPolicy]] = {
    STAGES: StagePolicy,
    GROWTH: GrowthPolicy,
    CLASSES: ClassPolicy,
}
"""The policies that decide where friends stand."""

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


def versions(session: Session, name: str) -> Sequence[Policy]:
    """Return every version of a policy, the newest first, with who saved it and when."""
    return session.scalars(select(Policy).where(Policy.name == name).order_by(Policy.id.desc())).all()


def save(session: Session, name: str, data: dict[str, Any], by: str, now: datetime) -> None:
    """Add a version; `by` says who, e.g. `operator:3`."""
    session.add(Policy(name=name, data=data, created_at=now, created_by=by))
    session.flush()


def learning_rules(session: Session) -> tuple[LadderPolicies, CycleParams]:
    """Return the rules of the ladders and the parameters of the cycle, in one query."""
    found = in_force(session, *LADDER_KINDS, CYCLE)
    return _ladder_policies(found), CycleParams.from_json(found.get(CYCLE, {}))


def ladder_policies(session: Session) -> LadderPolicies:
    """Return the shop's rules for all ladders, in one query."""
    return _ladder_policies(in_force(session, *LADDER_KINDS))


def _ladder_policies(found: Mapping[str, Mapping[str, Any]]) -> LadderPolicies:
    return LadderPolicies(
        stages=StagePolicy.from_json(found.get(STAGES, {})),
        growth=GrowthPolicy.from_json(found.get(GROWTH, {})),
        classes=ClassPolicy.from_json(found.get(CLASSES, {})),
    )


def name_of(policy: AnyLadderPolicy) -> str:
    """Return the name under which policies of this kind are kept; it is their field of LadderPolicies too."""
    return next(name for name, kind in LADDER_KINDS.items() if kind is type(policy))


def save_ladder_policy(session: Session, policy: AnyLadderPolicy, by: str, now: datetime) -> None:
    """Put new thresholds in force; all whom they may move are looked at again by the next reviews, batch by batch.

    Raises Invalid("policy_invalid").
    """
    checked = type(policy).from_json(policy.to_json())
    save(session, name_of(checked), checked.to_json(), by, now)
    # No rule about a friend who never bought reads a threshold.
    learn_everybody_again(session, now)


def stage_policy(session: Session) -> StagePolicy:
    """Return the shop's rules for the pyramid."""
    return StagePolicy.from_json(in_force(session, STAGES).get(STAGES, {}))


def save_stage_policy(session: Session, policy: StagePolicy, by: str, now: datetime) -> None:
    """Put new rules of the pyramid in force; see `save_ladder_policy`."""
    save_ladder_policy(session, policy, by, now)


def cycle_params(session: Session) -> CycleParams:
    """Return the parameters of the purchase-cycle model."""
    return CycleParams.from_json(in_force(session, CYCLE).get(CYCLE, {}))


def save_cycle_params(session: Session, params: CycleParams, by: str, now: datetime) -> None:
    """Put new parameters in force; every buyer's dates are made anew by the next reviews."""
    checked = CycleParams.from_json(params.to_json())
    save(session, CYCLE, checked.to_json(), by, now)
    learn_everybody_again(session, now)


def learn_everybody_again(session: Session, now: datetime) -> None:
    """Have all buyers' purchases read anew by the next reviews, some at a time."""
    session.execute(update(Facts).where(Facts.purchase_count > 0).values(review_at=now, unlearned_since=now))


def newcomer_days(session: Session) -> int:
    """Return for how many days after following a friend may still enter a referral code."""
    return in_force(session, REFERRAL).get(REFERRAL, {}).get("newcomer_days", NEWCOMER_DAYS)
