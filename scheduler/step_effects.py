"""What a step may do besides speaking, checked when it is saved: a trial offer, a coupon, a tag on or off."""

from typing import Annotated, Any

from pydantic import Field, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.step_settings import Part
from segments.coupons import READY
from segments.errors import Invalid
from segments.leaves.node import Name
from segments.models import Coupon


class TrialOffer(Part):
    """The trial product at its price, for so many days."""

    days: Annotated[int, Field(ge=1, le=365, strict=True)]
    product_code: Name | None = None


class Effects(Part):
    """What happens when the step is taken."""

    trial_offer: TrialOffer | None = None
    coupon: Name | None = None
    """The key of the coupon that is granted."""
    tag: Annotated[Name, Field(max_length=64)] | None = None
    untag: Annotated[Name, Field(max_length=64)] | None = None


def checked(session: Session, data: Any) -> dict[str, Any]:
    """Return effects as they are stored; raises Invalid (step_effects_invalid: at, problem)."""
    try:
        effects = Effects.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        raise Invalid("step_effects_invalid", at=at, problem=first["msg"]) from error
    if effects.coupon is not None and not _is_known(session, effects.coupon):
        raise Invalid("step_effects_invalid", at="coupon", problem=f"no coupon {effects.coupon}")
    return effects.model_dump(exclude_none=True)


def _is_known(session: Session, key: str) -> bool:
    stopped = session.execute(select(Coupon.stopped_at).where(Coupon.key == key)).one_or_none()
    return key in READY if stopped is None else stopped[0] is None
