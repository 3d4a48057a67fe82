"""Which plans there are for this shop, and which it pays by: LINE's own, those it edited or added."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from scheduler.plans import PLANS, Plan, Tier, bill, check
from segments.errors import Conflict, Invalid, NotFound
from segments.models import Setting

PLAN = "line_plan"
OWN = "line_plans"


def plans(session: Session) -> list[Plan]:
    """Return all plans that can be chosen, the one with the fewest included messages first."""
    known = {plan.key: plan for plan in PLANS} | {plan.key: plan for plan in _own(session)}
    return sorted(known.values(), key=lambda plan: (plan.included, plan.monthly_yen))


def plan_of(session: Session) -> Plan:
    """Return the shop's plan; until one is chosen, the free one."""
    setting = session.get(Setting, PLAN)
    if setting is None:
        return PLANS[0]
    chosen = _plan(setting.value)
    return next((plan for plan in _own(session) if plan.key == chosen.key), chosen)


def choose_plan(session: Session, key: str, now: datetime) -> Plan:
    """Store a plan as the shop's. Raises Invalid("plan_unknown") for one that does not exist."""
    plan = next((plan for plan in plans(session) if plan.key == key), None)
    if plan is None:
        raise Invalid("plan_unknown", key=key)
    _store(session, PLAN, asdict(plan), now)
    return plan


def save_plan(session: Session, plan: Plan, now: datetime) -> None:
    """Add a plan, or change one of LINE's to what the shop pays; raises Invalid("plan_invalid", field=…)."""
    check(plan)
    others = [each for each in _own(session) if each.key != plan.key]
    _store(session, OWN, {"plans": [asdict(each) for each in [*others, plan]]}, now)


def remove_plan(session: Session, key: str, now: datetime) -> None:
    """Forget a plan of the shop's own; one of LINE's is then again as LINE publishes it.

    Raises NotFound("plan_unknown"), and Conflict("plan_in_use") for the one the shop pays by.
    """
    own = _own(session)
    if key not in {plan.key for plan in own}:
        raise NotFound("plan_unknown", key=key)
    is_lines = key in {plan.key for plan in PLANS}
    if plan_of(session).key == key and not is_lines:
        raise Conflict("plan_in_use", key=key)
    _store(session, OWN, {"plans": [asdict(plan) for plan in own if plan.key != key]}, now)
    if plan_of(session).key == key:
        choose_plan(session, key, now)


def is_own(session: Session, key: str) -> bool:
    """Tell whether the shop edited or added the plan."""
    return any(plan.key == key for plan in _own(session))


def cheapest(session: Session, messages: int) -> Plan | None:
    """Return the plan with the smallest bill for so many messages a month; None when none allows them."""
    bills = [
        (cost, plan.included, plan) for plan in plans(session) if (cost := bill(plan, messages)) is not None
    ]
    return min(bills, key=lambda each: each[:2])[2] if bills else None


def _own(session: Session) -> list[Plan]:
    setting = session.get(Setting, OWN)
    return [_plan(each) for each in setting.value["plans"]] if setting else []


def _plan(value: dict[str, Any]) -> Plan:
    given = dict(value)
    tiers = tuple(Tier(**tier) for tier in given.pop("extra"))
    return Plan(**given, extra=tiers)


def _store(session: Session, name: str, value: dict[str, Any], now: datetime) -> None:
    session.merge(Setting(name=name, value=value, updated_at=now))
    session.flush()
