"""Writes down why deliveries may not leave, or not yet."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from scheduler import bulk, decision_rows, eligibility, mail_instead
from scheduler.models import Delivery, DeliveryState
from scheduler.waiting import Waiting

EXPIRED = "retry_key_expired"


def keep_back(
    session: Session, by_verdict: Mapping[eligibility.Verdict, Sequence[Waiting]], now: datetime
) -> None:
    """Write down why deliveries may not leave, or not yet; those that may are left as they are."""
    # By what the deliveries are told: the figures, which differ from friend to friend, are for the decisions.
    ended: dict[str, list[Waiting]] = {}
    held: dict[tuple[datetime, str], list[Waiting]] = {}
    for verdict, those in by_verdict.items():
        match verdict:
            case eligibility.Held(until=until, reason=reason):
                held.setdefault((until, reason), []).extend(those)
            case eligibility.Refused(reason=reason):
                ended.setdefault(reason, []).extend(those)
            case eligibility.Allowed():
                pass
    for (until, reason), those in held.items():
        change(session, those, {"chunk_id": None, "not_before": until, "reason": reason})
    for reason, those in mail_instead.take_over(session, ended, now).items():
        end(session, those, DeliveryState.SKIPPED, reason, now)
    decision_rows.of_deliveries(session, by_verdict, now)


def end(session: Session, those: Sequence[Waiting], state: DeliveryState, reason: str, now: datetime) -> None:
    """End deliveries in a state, and say why."""
    change(session, those, {"state": state, "reason": reason, "ended_at": now})


def change(session: Session, those: Sequence[Waiting], values: dict[str, object]) -> None:
    """Change deliveries, however many."""
    if those:
        which = bulk.among(session, Delivery.id, [delivery.id for delivery in those])
        changed = update(Delivery).where(which).values(values)
        session.execute(changed.execution_options(synchronize_session=False))
