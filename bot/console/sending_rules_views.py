"""What the pages of the sending rules show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from bot import step_words
from bot.console import policies_views, scenarios_views
from bot.console.policies_views import Version
from scheduler import bundling, contact_plan, control_groups, mail_settings
from scheduler.contact_plan import StageCount
from scheduler.control_groups import ControlPolicy
from scheduler.mail_settings import MailSettings
from scheduler.models import Step
from segments import contact_policy, policies, shop, trust_policy
from segments.contact_policy import ContactPolicy
from segments.models import Friend
from segments.shop import Shop
from segments.trust_policy import TrustPolicy

SendingPolicy = ContactPolicy | TrustPolicy | ControlPolicy
KINDS: Mapping[str, type[SendingPolicy]] = {
    contact_policy.NAME: ContactPolicy,
    trust_policy.NAME: TrustPolicy,
    control_groups.NAME: ControlPolicy,
}
SAVERS: Mapping[str, Callable[[Session, Any, str, datetime], None]] = {
    contact_policy.NAME: contact_policy.save,
    trust_policy.NAME: trust_policy.save,
    control_groups.NAME: control_groups.save,
}


@dataclass(frozen=True)
class Rules:
    """Everything in force."""

    shop: Shop
    contact: ContactPolicy
    trust: TrustPolicy
    control: ControlPolicy
    bundling: bundling.Policy
    mail: MailSettings
    riding: int
    """Steps whose message may wait for a free reply."""
    changed: Mapping[str, Version | None]


@dataclass(frozen=True)
class RidingStep:
    """A step whose message may wait for a free reply."""

    scenario_id: int
    scenario: str
    step_id: int
    step: str
    waits: str
    """How long at most, in words."""


@dataclass(frozen=True)
class Standing:
    """How many friends of a stage are out of the plan, now and by another plan."""

    stage: str
    friends: int
    full: tuple[int, int]
    below: tuple[int, int]


def rules(session: Session) -> Rules:
    """Return everything in force."""
    found = policies.in_force(session, *KINDS)
    return Rules(
        shop=shop.load(session),
        contact=contact_policy.read(found),
        trust=trust_policy.read(found),
        control=control_groups.read(found),
        bundling=bundling.policy(session),
        mail=mail_settings.load(session),
        riding=session.scalar(select(func.count()).select_from(Step).where(*_RIDES)) or 0,
        changed={name: policies_views.newest(session, name) for name in KINDS},
    )


def in_force(session: Session, name: str) -> SendingPolicy:
    """Return one policy in force."""
    return KINDS[name].from_json(policies.in_force(session, name).get(name, {}))


_RIDES = (Step.rides_for.is_not(None), Step.removed_at.is_(None))


def riding(session: Session, language: str) -> Sequence[RidingStep]:
    """Return the steps whose message may wait for a reply."""
    order = (Step.scenario_id, Step.position)
    steps = session.scalars(
        select(Step).options(joinedload(Step.scenario)).where(*_RIDES).order_by(*order)
    ).all()
    names = scenarios_views.message_names(session, steps)
    return [
        RidingStep(
            step.scenario_id,
            scenarios_views.name_of(step.scenario, language),
            step.id,
            scenarios_views.title_of(step, names, language),
            step_words.span_words(step.rides_for or timedelta(), language),
        )
        for step in steps
    ]


def standings(session: Session, policy: ContactPolicy, now: datetime) -> list[Standing]:
    """Return how friends stand against the plan in force and against another; two passes over everybody."""
    before: dict[str, StageCount] = {
        each.stage: each for each in contact_plan.counts(session, contact_policy.in_force(session), now)
    }
    return [
        Standing(
            each.stage,
            each.friends,
            (before[each.stage].full, each.full),
            (before[each.stage].below, each.below),
        )
        for each in contact_plan.counts(session, policy, now)
    ]


def held_out(session: Session, policy: ControlPolicy) -> tuple[int, int]:
    """Return how many friends a control group would be, and of how many."""
    followed = select(func.count()).select_from(Friend).where(Friend.followed_at.is_not(None))
    everybody = session.scalar(followed) or 0
    drawn = session.scalar(followed.where(control_groups.held_out(policy.salt, policy.percent))) or 0
    return drawn, everybody
