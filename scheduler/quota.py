"""What sending costs: the shop's LINE plan, what is used and spoken for, the price of a send in yen."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from scheduler import line_quota, meter
from scheduler.foretelling import Foretold, foretell
from scheduler.line_quota import USE
from scheduler.meter import note_line as note_use
from scheduler.models import Purpose
from scheduler.plan_settings import PLAN, choose_plan, plan_of, plans, remove_plan, save_plan
from scheduler.plans import PLANS, Plan, Tier, extra_cost, most_messages
from scheduler.reach import reach
from scheduler.reserved import reserved
from scheduler.whom import Whom
from segments import shop
from segments.conditions import Condition

__all__ = [
    "PLAN",
    "PLANS",
    "USE",
    "Plan",
    "Price",
    "Tier",
    "choose_plan",
    "extra_cost",
    "note_use",
    "plan_of",
    "plans",
    "price",
    "remove_plan",
    "save_plan",
    "used_at",
    "used_this_month",
]


@dataclass(frozen=True)
class Price:
    """What a send would reach and cost."""

    recipients: int
    at_most: int
    """Whom LINE can bring it to, whatever else stands against it by then."""
    foretold: Foretold
    """What the judge says of the audience now: who gets it, and why the others do not."""
    blocked: int
    opted_out: int
    suppressed: int
    not_following: int
    messages_used: int
    messages_limit: int
    free_messages: int
    paid_messages: int
    yen: int
    """What this send adds to the bill, after all that is spoken for already."""
    plan_name: str
    plan_name_en: str
    exceeds: bool
    """Whether the plan, or LINE, does not allow so many this month: the rest would stay queued."""
    reserved: int
    """Messages of this month that other planned sends will use."""
    after: int
    """Messages of this month once this send and the planned ones have left."""
    bill_yen: int
    """The month's bill by then, plan included, before tax."""
    budget_yen: int | None
    """The most the month may cost; None = no limit."""
    over_yen: int
    """By how much the bill would exceed the budget if all left; what exceeds it stays queued."""
    beyond_limit: int
    """Friends of this send for whom this month's messages would not suffice."""

    @property
    def reachable(self) -> int:
        """Who would get it on LINE as of now, at once or later: the messages it costs."""
        return self.foretold.reached

    @property
    def is_about(self) -> bool:
        """Whether only a sample of the audience was asked about."""
        return not self.foretold.is_exact

    @property
    def over_budget(self) -> bool:
        """Whether the budget does not suffice for all of it this month."""
        return self.over_yen > 0


def used_this_month(session: Session, now: datetime) -> int:
    """Return this month's messages: our own count, and what LINE counted on top of it."""
    return meter.read(session, now).taken


def used_at(session: Session, now: datetime) -> datetime | None:
    """Return when LINE was last asked for its count of this month; None when it never was."""
    said = line_quota.line_used(session, now)
    return said[1] if said else None


def price(
    session: Session,
    now: datetime,
    *,
    condition: Condition | None = None,
    audience_id: int | None = None,
    purpose: Purpose = Purpose.SALES,
    broadcast_id: int | None = None,
    at: datetime | None = None,
) -> Price:
    """Say whom a send would reach and what it costs on top of what is used and spoken for already.

    Whoever would not get it, or gets it by mail, costs nothing (scheduler.foretelling); of more than 10,000 friends
    that is an estimate. `at` is when it leaves, now when None. `broadcast_id` is the send itself when it is stored:
    what it has reserved is not counted twice.
    """
    found = reach(session, now, condition=condition, audience_id=audience_id, purpose=purpose)
    whom = Whom(condition, audience_id)
    foretold = foretell(session, whom, purpose, found.recipients, at or now, now, broadcast_id)
    plan, used = plan_of(session), used_this_month(session, now)
    planned = reserved(session, now, without=broadcast_id).total
    before, wanted = used + planned, foretold.reached
    free = min(wanted, max(0, plan.included - before))
    most, budget = most_messages(plan), shop.load(session).monthly_budget_yen
    bill = plan.monthly_yen + extra_cost(plan, before + wanted)
    return Price(
        recipients=found.recipients,
        at_most=found.reachable,
        foretold=foretold,
        blocked=found.blocked,
        opted_out=found.opted_out,
        suppressed=found.suppressed,
        not_following=found.not_following,
        messages_used=used,
        messages_limit=plan.included,
        free_messages=free,
        paid_messages=wanted - free if plan.extra else 0,
        yen=round(extra_cost(plan, before + wanted) - extra_cost(plan, before)),
        plan_name=plan.name,
        plan_name_en=plan.name_en,
        exceeds=_exceeds(before + wanted, most) or _exceeds(before + wanted, line_quota.line_limit(session)),
        reserved=planned,
        after=before + wanted,
        bill_yen=round(bill),
        budget_yen=budget,
        over_yen=0 if budget is None else max(0, round(bill - max(budget, plan.monthly_yen))),
        beyond_limit=_beyond(session, before, wanted),
    )


def _exceeds(messages: int, most: int | None) -> bool:
    return most is not None and messages > most


def _beyond(session: Session, before: int, wanted: int) -> int:
    limit = meter.cap(session).messages
    return 0 if limit is None else min(wanted, max(0, before + wanted - limit))
