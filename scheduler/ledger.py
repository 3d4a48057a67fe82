"""Where outcomes are written down: one transaction, one moment; what LINE said, and how deliveries end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from scheduler import bulk, chunks
from scheduler.gateway import (
    Accepted,
    GatewayError,
    QuotaExhausted,
    RateLimited,
    RefusedByLine,
    TemporaryGatewayError,
    TokenInvalid,
    UncertainGatewayError,
)
from scheduler.jobs import JobQueue
from scheduler.models import Delivery, DeliveryState

Outcome = Accepted | GatewayError

NAMES: tuple[tuple[type[GatewayError], str], ...] = (
    (RateLimited, "rate_limited"),
    (TemporaryGatewayError, "temporary"),
    (UncertainGatewayError, "uncertain"),
    (QuotaExhausted, "quota_exhausted"),
    (TokenInvalid, "token_invalid"),
    (RefusedByLine, "refused"),
)


@dataclass(frozen=True)
class Ledger:
    """Where outcomes are written: one transaction, one moment, one queue to go on with."""

    session: Session
    queue: JobQueue
    now: datetime


def name_of(outcome: Outcome) -> str:
    """Return the word under which an outcome is kept."""
    if isinstance(outcome, Accepted):
        return "already_accepted" if outcome.accepted_request_id else "accepted"
    return next((name for kind, name in NAMES if isinstance(outcome, kind)), "failed")


def attempt(now: datetime, outcome: Outcome, **subject: int) -> dict[str, object]:
    """Return the row of one call to LINE for a `delivery_id` or a `chunk_id`."""
    accepted = isinstance(outcome, Accepted)
    return {
        "delivery_id": subject.get("delivery_id"),
        "chunk_id": subject.get("chunk_id"),
        "at": now,
        "outcome": name_of(outcome),
        "status": None if accepted else outcome.status,
        "request_id": outcome.request_id,
        "accepted_request_id": outcome.accepted_request_id if accepted else None,
        "error": None if accepted else str(outcome)[:500],
    }


def fail(ledger: Ledger, delivery_ids: Sequence[int], reason: str) -> None:
    """End those of the deliveries that are still open as failed."""
    these = bulk.among(ledger.session, Delivery.id, delivery_ids)
    is_open = these & Delivery.state.in_(chunks.OPEN_DELIVERY)
    end(ledger, is_open, state=DeliveryState.FAILED, reason=reason)


def end(ledger: Ledger, which: ColumnElement[bool], **values: object) -> None:
    """End deliveries at the ledger's moment, with these values."""
    ended = update(Delivery).where(which).values(ended_at=ledger.now, **values)
    ledger.session.execute(ended.execution_options(synchronize_session=False))
