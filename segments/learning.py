"""Derives a friend's purchase facts, cycles and stage from their purchases as they now stand."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from segments import cycle_rows, policies, purchase_history, referrals, shop, stage_keeping
from segments.facts_locking import Locked, begin, lock
from segments.models import Facts
from segments.purchase_history import Bought
from segments.stages import StagePolicy, regular_until

BATCH = 1000


def learn_purchases(session: Session, friend_id: int, now: datetime, *, announce: bool = True) -> None:
    """Make one friend's purchase facts, cycles and stage follow from their purchases as they now stand."""
    learn_purchases_many(session, [friend_id], now, announce=announce)


def learn_purchases_many(
    session: Session, friend_ids: Iterable[int], now: datetime, *, announce: bool = True
) -> None:
    """Do the same for many friends, with a fixed number of queries for each thousand of them.

    With `announce` off (an import of the past) stage changes are recorded but are no news to scenarios.
    """
    session.flush()
    rules, params = policies.learning_rules(session)
    zone = shop.load(session).zone
    everyone = sorted(set(friend_ids))
    for ids in (everyone[start : start + BATCH] for start in range(0, len(everyone), BATCH)):
        # Locked before the purchases are read: two purchases recorded at once must both be counted.
        locked = _locked(session, ids, now)
        history = purchase_history.load(session, ids)
        dates = cycle_rows.keep(session, ids, history, params, zone, now)
        buyers = [
            one for one in locked if _take_in(one.facts, history.get(one.facts.friend_id, []), rules.stages)
        ]
        stage_keeping.look_at_many(session, locked, rules, now, dates=dates, announce=announce)
        session.flush()
        for one in buyers:
            referrals.reward_on_first_purchase(session, one.facts.friend_id, now)


def _locked(session: Session, friend_ids: Sequence[int], now: datetime) -> list[Locked]:
    locked = lock(session, friend_ids)
    if len(locked) == len(friend_ids):
        return locked
    begin(session, friend_ids, now)
    return lock(session, friend_ids)


def _take_in(facts: Facts, bought: Sequence[Bought], policy: StagePolicy) -> bool:
    """Copy the sums of purchases into the facts; tell whether these are the friend's first."""
    first = facts.purchase_count == 0 and bool(bought)
    full_price = [(one.at, one.yen) for one in bought if not one.is_trial]
    facts.purchase_count = len(bought)
    facts.full_price_count = len(full_price)
    facts.spend_yen = sum(one.yen for one in bought)
    facts.first_purchase_at = bought[0].at if bought else None
    facts.last_purchase_at = bought[-1].at if bought else None
    facts.regular_until = regular_until(full_price, policy)
    return first
