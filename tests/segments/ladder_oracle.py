"""The ladders once more, for one friend in plain Python: what the tables of rules are held against."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from segments.ladder_facts import LadderFacts
from segments.ladder_policies import ClassPolicy, GrowthPolicy, LadderPolicies, StagePolicy

BEGINNING = datetime(2026, 6, 1, tzinfo=UTC)


def _days(number: int) -> timedelta:
    return timedelta(days=number)


def lapse_at(facts: LadderFacts, policy: StagePolicy) -> datetime | None:
    """Return when a buyer lapses."""
    if not facts.purchase_count or facts.last_purchase_at is None:
        return None
    return facts.lapse_at or facts.last_purchase_at + _days(policy.lapse_days_without_cycle)


def _over(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now >= moment


def stage(facts: LadderFacts, policies: LadderPolicies, now: datetime) -> str:
    """Return the rung of the pyramid."""
    if facts.purchase_count:
        unhappy = facts.dissatisfied_at
        if unhappy and not facts.full_price_count:
            later = [each for each in (facts.satisfied_at, facts.last_purchase_at) if each]
            if all(each <= unhappy for each in later):
                return "exit"
        if _over(lapse_at(facts, policies.stages), now):
            return "exit"
        if not facts.full_price_count:
            return "trial"
        return "regular" if facts.regular_until and now < facts.regular_until else "existing"
    if _over(facts.trial_offer_ends_at, now):
        return "exit"
    return "prospect" if facts.free_item_claimed_at or facts.inquired_at else "aware"


def growth(facts: LadderFacts, policies: LadderPolicies, now: datetime) -> str:
    """Return the growth stage."""
    asked = policies.growth
    if facts.purchase_count < 2 or not facts.settled_count:
        return "purchaser" if facts.purchase_count else ""
    related, products, brought = facts.related_count, facts.product_count, facts.referral_count
    least = asked.evangelist_products, asked.evangelist_related, asked.evangelist_referrals
    if products >= least[0] and related >= least[1] and brought >= least[2]:
        return "evangelist"
    since, until = facts.subscription_since, facts.subscription_until
    if since and until and since + _days(asked.member_days) <= now < until:
        return "member"
    if facts.referral_count >= asked.referrals or facts.event_count >= asked.events:
        return "fan"
    reacted = facts.last_reaction_at
    if facts.reaction_count >= asked.reactions and reacted and now < reacted + _days(asked.reaction_days):
        return "follower"
    return "enthusiast" if related >= asked.related_products else "customer"


def customer_class(facts: LadderFacts, policies: LadderPolicies, now: datetime) -> str:
    """Return the class."""
    asked = policies.classes
    if _over(lapse_at(facts, policies.stages), now):
        return "lapsed"
    if facts.purchase_count:
        first = facts.first_purchase_at
        long = first is not None and now >= first + _days(asked.loyal_days)
        return "loyal" if long and facts.purchase_count >= asked.loyal_purchases else "new"
    reached = facts.followed or facts.free_item_claimed_at or facts.inquired_at
    return "lead" if reached else "potential"


def status(facts: LadderFacts, policies: LadderPolicies, now: datetime) -> str:
    """Return the purchase status."""
    if not facts.purchase_count:
        return ""
    if _over(lapse_at(facts, policies.stages), now):
        return "lapsed"
    if _over(facts.slip_at, now):
        return "slipping"
    return "due" if _over(facts.due_at, now) else "active"


moments = st.integers(-1600, 1600).map(lambda hours: BEGINNING + timedelta(hours=hours))
maybe = st.none() | moments
few = st.integers(0, 4)


def _consistent(facts: LadderFacts) -> LadderFacts:
    if not facts.purchase_count:
        nothing = {
            "full_price_count": 0,
            "first_purchase_at": None,
            "last_purchase_at": None,
            "settled_count": 0,
        }
        return replace(facts, **nothing)
    return facts


some_facts = st.builds(
    LadderFacts,
    followed=st.booleans(),
    free_item_claimed_at=maybe,
    inquired_at=maybe,
    trial_offer_ends_at=maybe,
    satisfied_at=maybe,
    dissatisfied_at=maybe,
    purchase_count=few,
    full_price_count=st.integers(0, 2),
    first_purchase_at=moments,
    last_purchase_at=moments,
    regular_until=maybe,
    due_at=maybe,
    slip_at=maybe,
    lapse_at=maybe,
    product_count=few,
    settled_count=st.integers(0, 1),
    related_count=few,
    subscription_since=maybe,
    subscription_until=maybe,
    reaction_count=few,
    last_reaction_at=maybe,
    referral_count=st.integers(0, 2),
    event_count=st.integers(0, 1),
).map(_consistent)

short = st.integers(1, 60)
some_policies = st.builds(
    LadderPolicies,
    stages=st.builds(
        StagePolicy,
        regular_purchases=st.integers(1, 5),
        regular_window_days=short,
        regular_spend_yen=st.none() | st.integers(1, 9999),
        lapse_days_without_cycle=short,
    ),
    growth=st.builds(
        GrowthPolicy,
        settling_purchases=st.integers(1, 3),
        related_products=st.integers(1, 3),
        reactions=st.integers(1, 3),
        reaction_days=short,
        referrals=st.integers(1, 2),
        events=st.integers(1, 2),
        subscription_grace=st.floats(1, 3),
        member_days=st.integers(0, 60),
        evangelist_products=st.integers(1, 3),
        evangelist_related=st.integers(1, 3),
        evangelist_referrals=st.integers(1, 2),
    ),
    classes=st.builds(ClassPolicy, loyal_purchases=st.integers(1, 4), loyal_days=st.integers(0, 60)),
)
