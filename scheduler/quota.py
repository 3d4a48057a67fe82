"""What sending costs: the shop's LINE plan, what LINE says is used, the price of a send in yen."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from scheduler.gateway import Quota
from scheduler.models import Purpose
from segments import audience
from segments.conditions import Condition
from segments.errors import Invalid
from segments.models import AudienceMember, Facts, Friend, Setting

PLAN = "line_plan"
USE = "line_quota"


@dataclass(frozen=True)
class Tier:
    """A price for additional messages, up to a number of them (None = without end)."""

    up_to: int | None
    yen: float


@dataclass(frozen=True)
class Plan:
    """One of LINE's plans in Japan; prices without tax."""

    key: str
    name: str
    name_en: str
    monthly_yen: int
    included: int
    extra: tuple[Tier, ...] = ()


PLANS = (
    Plan("communication", "コミュニケーションプラン", "Communication plan", 0, 200),
    Plan("light", "ライトプラン", "Light plan", 5_000, 5_000),
    Plan(
        "standard",
        "スタンダードプラン",
        "Standard plan",
        15_000,
        30_000,
        (Tier(50_000, 3.0), Tier(None, 2.8)),
    ),
)
"""As LINE publishes them in 2026; a shop that pays otherwise stores its own under the setting."""


@dataclass(frozen=True)
class Price:
    """What a send would reach and cost."""

    recipients: int
    reachable: int
    blocked: int
    opted_out: int
    suppressed: int
    not_following: int
    messages_used: int
    messages_limit: int
    free_messages: int
    paid_messages: int
    yen: int
    plan_name: str
    plan_name_en: str
    exceeds: bool
    """Whether the plan does not allow so many this month: the rest would stay queued."""


def plan_of(session: Session) -> Plan:
    """Return the shop's plan; until one is chosen, the free one."""
    setting = session.get(Setting, PLAN)
    if setting is None:
        return PLANS[0]
    value = dict(setting.value)
    tiers = tuple(Tier(**tier) for tier in value.pop("extra"))
    return Plan(**value, extra=tiers)


def choose_plan(session: Session, key: str, now: datetime) -> Plan:
    """Store one of LINE's plans as the shop's. Raises Invalid for a plan that does not exist."""
    plan = next((plan for plan in PLANS if plan.key == key), None)
    if plan is None:
        raise Invalid("plan_unknown", key=key)
    _store(session, PLAN, asdict(plan), now)
    return plan


def note_use(session: Session, quota: Quota, now: datetime) -> None:
    """Keep what LINE says is used this month, and allowed."""
    _store(session, USE, {"limit": quota.limit, "used": quota.used, "at": now.isoformat()}, now)


def used_this_month(session: Session) -> int:
    """Return LINE's own count of this month's messages, as last asked."""
    setting = session.get(Setting, USE)
    return int(setting.value["used"]) if setting else 0


def used_at(session: Session) -> datetime | None:
    """Return when LINE was last asked for its count; None when it never was."""
    setting = session.get(Setting, USE)
    return datetime.fromisoformat(setting.value["at"]) if setting else None


def price(
    session: Session,
    now: datetime,
    *,
    condition: Condition | None = None,
    audience_id: int | None = None,
    purpose: Purpose = Purpose.SALES,
) -> Price:
    """Say whom a send would reach and what it costs on top of what is used already.

    Blocked friends, friends who opted out and, for sales, friends who are to get no offers cost nothing.
    """
    counts = _counts(session, now, condition, audience_id, purpose)
    plan, used = plan_of(session), used_this_month(session)
    wanted = counts["reachable"]
    free = min(wanted, max(0, plan.included - used))
    paid = wanted - free
    return Price(
        **counts,
        messages_used=used,
        messages_limit=plan.included,
        free_messages=free,
        paid_messages=paid if plan.extra else 0,
        yen=round(extra_cost(plan, used + wanted) - extra_cost(plan, used)),
        plan_name=plan.name,
        plan_name_en=plan.name_en,
        exceeds=paid > 0 and not plan.extra,
    )


def extra_cost(plan: Plan, messages: int) -> float:
    """Return the yen for what `messages` in a month exceed the plan's included ones by; each tier prices its own part."""
    extra, start, cost = max(0, messages - plan.included), 0, 0.0
    for tier in plan.extra:
        end = extra if tier.up_to is None else min(extra, tier.up_to)
        cost += max(0, end - start) * tier.yen
        start = max(start, end)
    return cost


def _counts(
    session: Session,
    now: datetime,
    condition: Condition | None,
    audience_id: int | None,
    purpose: Purpose,
) -> dict[str, int]:
    blocked = Friend.blocked_at.is_not(None)
    absent = Friend.line_user_id.is_(None) | Friend.followed_at.is_(None)
    withheld = Facts.suppressed_at.is_not(None) & (purpose == Purpose.SALES)
    kind = case(
        (blocked, "blocked"),
        (absent, "not_following"),
        (Friend.opted_out_at.is_not(None), "opted_out"),
        (withheld, "suppressed"),
        else_="reachable",
    )
    people: Select[Any, int] = select(kind, func.count()).select_from(Friend).join(Facts).group_by(kind)
    if condition is not None:
        people = people.where(audience.matching(session, condition, now))
    else:
        people = people.join(AudienceMember, AudienceMember.friend_id == Friend.id).where(
            AudienceMember.audience_id == audience_id
        )
    found: dict[str, int] = dict(session.execute(people).all())
    names = ("reachable", "blocked", "opted_out", "suppressed", "not_following")
    return {name: found.get(name, 0) for name in names} | {"recipients": sum(found.values())}


def _store(session: Session, name: str, value: dict[str, Any], now: datetime) -> None:
    session.merge(Setting(name=name, value=value, updated_at=now))
    session.flush()
