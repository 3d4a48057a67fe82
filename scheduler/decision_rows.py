"""Writes down what eligibility had against messages: one row a friend, message and rule, the newest word counting."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from scheduler import bulk
from scheduler.models import Decision, Delivery
from scheduler.reasons import Reason
from scheduler.verdicts import Allowed, Held, Verdict
from scheduler.waiting import Waiting

KEPT_FOR = timedelta(days=180)
"""How long decisions are kept: whoever asks why asks sooner."""
UNTOLD = frozenset({Reason.CAMPAIGN_PAUSED, Reason.ALREADY_GOT})
"""Said of a campaign, not of a friend; or said by the message itself."""

_table: Any = Decision.__table__


def of_deliveries(session: Session, verdicts: Mapping[Verdict, Sequence[Waiting]], now: datetime) -> None:
    """Write down what was said of deliveries, each verdict with those it was said of."""
    told = {verdict: those for verdict, those in verdicts.items() if _is_told(verdict)}
    steps = _steps(session, [each.id for those in told.values() for each in those if each.enrolment_id])
    _write(
        session,
        [
            _row(each.friend_id, each.broadcast_id, each.enrolment_id, steps.get(each.id), verdict, now)
            for verdict, those in told.items()
            for each in those
        ],
    )


def of_step(
    session: Session, step_id: int, verdicts: Iterable[tuple[int, int, Verdict]], now: datetime
) -> None:
    """Write down what was said of a step's message, as (enrolment, friend, verdict)."""
    _write(
        session,
        [
            _row(friend_id, None, enrolment_id, step_id, verdict, now)
            for enrolment_id, friend_id, verdict in verdicts
            if _is_told(verdict)
        ],
    )


def prune(session: Session, now: datetime, span: timedelta = timedelta(hours=6)) -> int:
    """Delete the oldest decisions that are older than KEPT_FOR, those of `span`; return how many, 0 when none is left."""
    end = now - KEPT_FOR
    oldest = session.scalar(select(func.min(Decision.at)).where(Decision.at < end))
    if oldest is None:
        return 0
    gone = delete(_table).where(_table.c.at < min(end, oldest + span))
    return session.connection().execute(gone).rowcount


def _is_told(verdict: Verdict) -> bool:
    return not isinstance(verdict, Allowed) and verdict.reason not in UNTOLD


def _steps(session: Session, delivery_ids: Sequence[int]) -> dict[int, int | None]:
    if not delivery_ids:
        return {}
    rows = session.execute(
        select(Delivery.id, Delivery.step_id).where(bulk.among(session, Delivery.id, delivery_ids))
    )
    return dict(rows.all())


def _row(
    friend_id: int,
    broadcast_id: int | None,
    enrolment_id: int | None,
    step_id: int | None,
    verdict: Verdict,
    now: datetime,
) -> dict[str, Any]:
    assert not isinstance(verdict, Allowed)
    return {
        "friend_id": friend_id,
        "broadcast_id": broadcast_id or 0,
        "enrolment_id": enrolment_id or 0,
        "step_id": step_id or 0,
        "rule": verdict.reason.value,
        "at": now,
        "until": verdict.until if isinstance(verdict, Held) else None,
        "figures": verdict.figures,
    }


def _said_anew(dialect: Any) -> Any:
    adding = dialect.insert(_table)
    new = {name: adding.excluded[name] for name in ("at", "until", "figures")}
    return adding.on_conflict_do_update(index_elements=list(_table.primary_key.columns), set_=new)


_WRITE = {"sqlite": _said_anew(sqlite), "postgresql": _said_anew(postgresql)}


def _write(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        # In one order, so that two writers never wait for each other.
        ordered = sorted(rows, key=lambda row: (row["friend_id"], row["broadcast_id"], row["rule"]))
        connection = session.connection()
        connection.execute(_WRITE[connection.dialect.name], ordered)
