"""Changes to the shop's settings, by whichever surface, written down with who made them."""

from dataclasses import fields
from datetime import datetime

from sqlalchemy.orm import Session

from bot import operators
from scheduler import quota
from segments import shop
from segments.shop import Shop


def save(session: Session, changed: Shop, by: str, now: datetime) -> list[str]:
    """Store the settings and return the names of the fields that differ; raises Invalid (shop_invalid)."""
    stored = shop.load(session)
    names = [each.name for each in fields(Shop) if getattr(stored, each.name) != getattr(changed, each.name)]
    if names:
        shop.save(session, changed, now)
        operators.note(session, by, "shop_changed", "", now, fields=names)
    return names


def choose_plan(session: Session, key: str, by: str, now: datetime) -> bool:
    """Make one of LINE's plans the shop's; tell whether it is another one. Raises Invalid (plan_unknown)."""
    if quota.plan_of(session).key == key:
        return False
    quota.choose_plan(session, key, now)
    operators.note(session, by, "plan_chosen", key, now)
    return True
