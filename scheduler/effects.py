"""What queueing a step's message means for the friend: a trial offer with its deadline, a coupon, a tag.

Effects happen in the transaction that queues the message, at a moment when it may leave at once: a deadline
counts from the day the friend reads it, not from the evening before quiet hours.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from scheduler.fact_sources import trial_product
from scheduler.models import Enrolment, Step
from scheduler.template_facts import TRIAL_PRODUCT
from segments import coupons, signals, tags
from segments.errors import Conflict, NotFound
from segments.shop import Shop


@dataclass(frozen=True)
class Occasion:
    """One step reached by one friend."""

    step: Step
    enrolment_id: int
    friend_id: int
    context: dict[str, Any]


def lacks_trial_product(session: Session, step: Step) -> bool:
    """Tell whether a step offers a trial that the shop has no product for: then nothing may be promised."""
    offer = step.effects.get("trial_offer")
    return bool(offer) and trial_product(session, offer.get("product_code")) is None


def apply(session: Session, occasion: Occasion, settings: Shop, now: datetime) -> None:
    """Have the step's effects; those with a unique cause happen once, however often this is called."""
    effects = occasion.step.effects
    if offer := effects.get("trial_offer"):
        _offer_trial(session, occasion, offer, settings, now)
    if key := effects.get("coupon"):
        cause = f"step:{occasion.step.id}:enrolment:{occasion.enrolment_id}"
        # A coupon that was stopped meanwhile is given no more; the step goes on without.
        with suppress(Conflict):
            coupons.grant(session, key, occasion.friend_id, cause, now)
    if name := effects.get("tag"):
        tags.tag(session, occasion.friend_id, name, now, f"step:{occasion.step.id}")
    if name := effects.get("untag"):
        _untag(session, occasion.friend_id, name)


def _untag(session: Session, friend_id: int, name: str) -> None:
    """Take a tag off; one that a rule keeps on stays, as it does for an operator."""
    with suppress(Conflict, NotFound):
        tags.untag(session, friend_id, name)


def deadline(now: datetime, days: int, settings: Shop) -> datetime:
    """Return the last second of the day `days` after today in the shop: what 「28日まで」 means to a reader."""
    last_day = settings.today(now) + timedelta(days=days)
    return datetime.combine(last_day, time(23, 59, 59), settings.zone)


def _offer_trial(
    session: Session, occasion: Occasion, offer: dict[str, Any], settings: Shop, now: datetime
) -> None:
    product = trial_product(session, offer.get("product_code"))
    assert product is not None, "lacks_trial_product is asked first"
    ends_at = deadline(now, int(offer["days"]), settings)
    signals.offer_trial(session, occasion.friend_id, ends_at, now)
    # Kept with the enrolment: its reminder must name the same product, whatever the shop adds meanwhile.
    enrolment = session.get_one(Enrolment, occasion.enrolment_id)
    enrolment.context = occasion.context | {TRIAL_PRODUCT: product.code}
