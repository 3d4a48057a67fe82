"""What this month will have used and cost by its end, and the plan that would have been cheapest for it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from scheduler import meter, plan_settings, plans
from scheduler.months import next_month
from scheduler.plans import Plan
from scheduler.reserved import Reserved, reserved
from scheduler.step_forecast import StepMessages, step_messages
from segments import shop


@dataclass(frozen=True)
class Offer:
    """One plan, and what this month would cost on it; None when it does not allow so many messages."""

    plan: Plan
    yen: int | None


@dataclass(frozen=True)
class Forecast:
    """This month's messages and yen, as far as they can be told now."""

    used: int
    reserved: Reserved
    steps: StepMessages
    plan: Plan
    budget_yen: int | None
    limit: int | None
    """The most messages of this month, by the budget or by what LINE allows; None = no limit."""
    offers: tuple[Offer, ...]
    """Every plan, at all that is wanted of this month."""
    cheapest: Plan | None

    @property
    def messages(self) -> int:
        """Messages at the month's end: used, spoken for, and what scenarios will send."""
        return self.used + self.reserved.total + self.steps.total

    @property
    def wanted(self) -> int:
        """The messages of the month's end, and those that wait for money: what a plan has to have room for."""
        return self.messages + self.reserved.held

    @property
    def spent_yen(self) -> int:
        """The bill for what is used by now, plan included, before tax."""
        return round(self.plan.monthly_yen + plans.extra_cost(self.plan, self.used))

    @property
    def yen(self) -> int:
        """The bill for the month's expected messages, if all of them leave."""
        return round(self.plan.monthly_yen + plans.extra_cost(self.plan, self.messages))

    @property
    def short_by(self) -> int:
        """How many of all that is wanted the limit does not suffice for."""
        return 0 if self.limit is None else max(0, self.wanted - self.limit)

    @property
    def saves_yen(self) -> int:
        """What the cheapest plan would save this month, compared with the present one.

        0 when it is that one, or when the present one has no room for all that is wanted: a larger one saves nothing.
        """
        present = plans.bill(self.plan, self.wanted)
        if self.cheapest is None or present is None:
            return 0
        return max(0, present - (plans.bill(self.cheapest, self.wanted) or 0))


def forecast(session: Session, now: datetime) -> Forecast:
    """Return this month's forecast."""
    return assembled(session, now, reserved(session, now), step_messages(session, now, next_month(now)))


def assembled(session: Session, now: datetime, planned: Reserved, steps: StepMessages) -> Forecast:
    """Return the forecast with what is spoken for and what scenarios will send as they were counted before."""
    used = meter.read(session, now).taken
    # What waits for money would leave on a larger plan: a plan without room for it is no cheaper one.
    wanted = used + planned.total + planned.held + steps.total
    choice = plan_settings.read(session)
    return Forecast(
        used=used,
        reserved=planned,
        steps=steps,
        plan=choice.plan,
        budget_yen=shop.load(session).monthly_budget_yen,
        limit=meter.cap(session).messages,
        offers=tuple(Offer(plan, plans.bill(plan, wanted)) for plan in choice.plans),
        cheapest=choice.cheapest(wanted),
    )
