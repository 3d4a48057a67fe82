"""What waits because LINE refuses everything: steps have no campaign to pause, they are tried again and again."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler.due_deliveries import WAITING
from scheduler.going_on import TROUBLE_WAIT
from scheduler.models import Delivery

QUOTA_EXHAUSTED, TOKEN_INVALID = "quota_exhausted", "token_invalid"


def by_reason(session: Session, now: datetime) -> dict[str, int]:
    """Count what was put off because the month's quota is gone or LINE refuses the token, by which of them."""
    # They are put off by so long at most: what waits for the morning, or for money, need not be looked through.
    soon = Delivery.not_before <= now + TROUBLE_WAIT
    refused = Delivery.reason.in_([QUOTA_EXHAUSTED, TOKEN_INVALID])
    counted = select(Delivery.reason, func.count()).where(*WAITING, soon, refused).group_by(Delivery.reason)
    return {reason: count for reason, count in session.execute(counted) if reason is not None}
