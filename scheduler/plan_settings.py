"""Which plans there are for this shop, and which it pays by: LINE's own, those it edited or added."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.plans import PLANS, Plan, Tier, bill, check
from segments.db import ONLY_READS
from segments.errors import Conflict, Invalid, NotFound
from segments.models import Setting

PLAN = "line_plan"
OWN = "line_plans"


@dataclass(frozen=True)
class PlanChoice:
    """The shop's plan, among all that it can choose."""

    plan: Plan
    plans: list[Plan]
    """The one with the fewest included messages first."""

    def cheapest(self, messages: int) -> Plan | None:
        """Return the plan with the smallest bill for so many messages a month; None when none allows them."""
        bills = [
            (cost, plan.included, plan) for plan in self.plans if (cost := bill(plan, messages)) is not None
        ]
        return min(bills, key=lambda each: each[:2])[2] if bills else None


def read(session: Session) -> PlanChoice:
    """Return the shop's plan and all others; until one is chosen it is the free one. Who only reads asks once."""
    known = session.info.get(PLAN)
    if isinstance(known, PlanChoice):
        return known
    found = _read(session)
    if session.info.get(ONLY_READS):
        session.info[PLAN] = found
    return found


def _read(session: Session) -> PlanChoice:
    named = select(Setting.name, Setting.value).where(Setting.name.in_((PLAN, OWN)))
    kept = dict(session.execute(named).all())
    own = {plan.key: plan for plan in map(_plan, kept[OWN]["plans"])} if OWN in kept else {}
    known = {plan.key: plan for plan in PLANS} | own
    if PLAN in kept:
        chosen = _plan(kept[PLAN])
        plan = own.get(chosen.key, chosen)
    else:
        plan = PLANS[0]
    return PlanChoice(plan, sorted(known.values(), key=lambda plan: (plan.included, plan.monthly_yen)))


def plans(session: Session) -> list[Plan]:
    """Return all plans that can be chosen, the one with the fewest included messages first."""
    return read(session).plans


def plan_of(session: Session) -> Plan:
    """Return the shop's plan; until one is chosen, the free one."""
    return read(session).plan


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
    return read(session).cheapest(messages)


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
