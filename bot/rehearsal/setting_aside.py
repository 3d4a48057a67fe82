"""Sets aside on the copy what only a person, or the next month, could set going: asked every quarter of an hour, it would only say no.

What comes of it is the same: nobody resumes anything in a rehearsal, and LINE takes nothing more in a month whose
quota is gone.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Update, or_, select, update
from sqlalchemy.orm import Session

from scheduler.models import Delivery, DeliveryState, Enrolment, EnrolmentState, Scenario, Step
from scheduler.reasons import Reason
from segments.models import Setting

JAPAN = ZoneInfo("Asia/Tokyo")
"""LINE counts months there."""
QUOTA_GONE = "quota_exhausted"
KILL_SWITCH = "kill_switch"


def lift_kill_switch(session: Session) -> bool:
    """Let sends go on that an operator has stopped: nothing at all would happen otherwise; say whether they were."""
    setting = session.get(Setting, KILL_SWITCH)
    if setting is None or not setting.value["stopped"]:
        return False
    setting.value = {**setting.value, "stopped": False}
    return True


def set_aside(session: Session, now: datetime, end: datetime) -> None:
    """Move what is paused beyond the rehearsal's `end`, and what LINE has no room for into its next month."""
    beyond = end + timedelta(days=1)
    paused = or_(
        Enrolment.scenario_id.in_(select(Scenario.id).where(~Scenario.active)),
        Enrolment.next_step_id.in_(select(Step.id).where(~Step.active)),
    )
    _run(
        session,
        update(Enrolment)
        .where(Enrolment.state == EnrolmentState.ACTIVE, Enrolment.next_at < end, paused)
        .values(next_at=beyond),
    )
    waits = (Delivery.state == DeliveryState.QUEUED, Delivery.chunk_id.is_(None))
    for reason, until in ((Reason.CAMPAIGN_PAUSED, beyond), (QUOTA_GONE, next_month(now))):
        held = (*waits, Delivery.reason == reason, Delivery.not_before < until)
        _run(session, update(Delivery).where(*held).values(not_before=until))


def next_month(now: datetime) -> datetime:
    """Return when LINE's count begins anew."""
    first = now.astimezone(JAPAN).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)


def month_of(now: datetime) -> str:
    """Return LINE's month, as 2026-11."""
    return now.astimezone(JAPAN).strftime("%Y-%m")


def _run(session: Session, change: Update) -> None:
    session.execute(change.execution_options(synchronize_session=False))
