"""Changes to the shop's settings, by whichever surface, written down with who made them."""

from dataclasses import fields, replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot import operators
from scheduler import plan_settings, quota, releasing
from scheduler.plans import Plan
from segments import shop
from segments.errors import Conflict
from segments.shop import Shop

TWO = 2
"""Operators who may send, for one to approve what the other wrote."""


def save(session: Session, changed: Shop, by: str, now: datetime) -> list[str]:
    """Store the settings and return the names of the fields that differ; raises Invalid (shop_invalid)."""
    stored = shop.load(session)
    names = [each.name for each in fields(Shop) if getattr(stored, each.name) != getattr(changed, each.name)]
    if "approval_above" in names:
        _check_approvers(session, changed)
    if names:
        shop.save(session, changed, now)
        operators.note(session, by, "shop_changed", "", now, fields=names)
    if "monthly_budget_yen" in names:
        # At once: until the next refresh sales would not know what care needs.
        releasing.keep_for_care(session, now)
    return names


def set_budget(session: Session, yen: int | None, by: str, now: datetime) -> None:
    """Set the most that a month may cost, plan included; None = no limit."""
    save(session, replace(shop.load(session), monthly_budget_yen=yen), by, now)


def save_plan(session: Session, plan: Plan, by: str, now: datetime) -> None:
    """Add or change a plan; raises Invalid (plan_invalid)."""
    plan_settings.save_plan(session, plan, now)
    operators.note(session, by, "plan_saved", plan.key, now)


def remove_plan(session: Session, key: str, by: str, now: datetime) -> None:
    """Forget a plan of the shop's own; raises NotFound (plan_unknown), Conflict (plan_in_use)."""
    plan_settings.remove_plan(session, key, now)
    operators.note(session, by, "plan_removed", key, now)


def _check_approvers(session: Session, changed: Shop) -> None:
    """Refuse to want a second person where there is none: nothing could ever leave."""
    if changed.approval_above is not None and operators.senders(session) < TWO:
        raise Conflict("approver_missing")


def choose_plan(session: Session, key: str, by: str, now: datetime) -> bool:
    """Make one of LINE's plans the shop's; tell whether it is another one. Raises Invalid (plan_unknown)."""
    if quota.plan_of(session).key == key:
        return False
    quota.choose_plan(session, key, now)
    operators.note(session, by, "plan_chosen", key, now)
    return True
