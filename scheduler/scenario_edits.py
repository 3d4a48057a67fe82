"""Making, changing and deleting scenarios while friends are inside; their steps are in scenario_steps."""

from datetime import datetime

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from scheduler import enrolments, scenario_drafts, scenario_starts
from scheduler.models import Delivery, DeliveryState, Enrolment, EnrolmentState, Scenario
from scheduler.reasons import Reason
from scheduler.scenario_drafts import ScenarioDraft
from segments.errors import Conflict, NotFound


def load(session: Session, scenario_id: int) -> Scenario:
    """Return a scenario; raises NotFound (scenario_unknown)."""
    found = session.get(Scenario, scenario_id)
    if found is None:
        raise NotFound("scenario_unknown", scenario_id=scenario_id)
    return found


def create(session: Session, draft: ScenarioDraft, now: datetime) -> Scenario:
    """Add a scenario without steps, switched off until somebody starts it; raises as `scenario_drafts` does."""
    values = scenario_drafts.scenario_values(session, draft)
    made = Scenario(**values, active=False, created_at=now)
    session.add(made)
    session.flush()
    scenario_starts.keep_watched(session, now)
    return made


def change(session: Session, scenario_id: int, draft: ScenarioDraft, version: int, now: datetime) -> Scenario:
    """Change what starts a scenario, for whom it is and how it ends; friends inside stay where they are.

    Raises Conflict (scenario_changed) when somebody was faster, and as `scenario_drafts` does.
    """
    scenario = claimed(session, scenario_id, version)
    for name, value in scenario_drafts.scenario_values(session, draft).items():
        if name == "trigger" and value != scenario.trigger:
            scenario.dates_through, scenario.dates_after = None, 0
        setattr(scenario, name, value)
    session.flush()
    scenario_starts.keep_watched(session, now)
    return scenario


def standing(session: Session, scenario_id: int) -> dict[int, int]:
    """Return how many friends wait for each step."""
    waiting = (Enrolment.scenario_id == scenario_id, Enrolment.state == EnrolmentState.ACTIVE)
    counted = select(Enrolment.next_step_id, func.count()).where(*waiting).group_by(Enrolment.next_step_id)
    return {step_id: count for step_id, count in session.execute(counted) if step_id is not None}


def delete(session: Session, scenario_id: int, now: datetime) -> int:
    """Delete a scenario with its steps; friends inside leave, what was sent stays in their history.

    Return how many were inside. Raises NotFound (scenario_unknown).
    """
    scenario = load(session, scenario_id)
    mine = Enrolment.scenario_id == scenario_id
    left = enrolments.end_many(session, mine, EnrolmentState.LEFT, Reason.STOPPED, now)
    ids = select(Enrolment.id).where(mine)
    unsent = (Delivery.enrolment_id.in_(ids), Delivery.state == DeliveryState.QUEUED)
    cancelled = {"state": DeliveryState.CANCELLED, "reason": Reason.SCENARIO_ENDED, "ended_at": now}
    for which, values in ((unsent, cancelled), ((Delivery.enrolment_id.in_(ids),), {"enrolment_id": None})):
        session.execute(
            update(Delivery).where(*which).values(values).execution_options(synchronize_session=False)
        )
    session.expunge(scenario)
    session.execute(delete_rows(Scenario).where(Scenario.id == scenario_id))
    scenario_starts.keep_watched(session, now)
    return left


def claimed(session: Session, scenario_id: int, version: int | None) -> Scenario:
    """Return the scenario for a change, locked and counted one version up."""
    session.flush()
    is_it = [Scenario.id == scenario_id]
    if version is not None:
        is_it.append(Scenario.version == version)
    raised = update(Scenario).where(*is_it).values(version=Scenario.version + 1).returning(Scenario.id)
    if session.scalar(raised.execution_options(synchronize_session=False)) is None:
        load(session, scenario_id)
        raise Conflict("scenario_changed")
    scenario = load(session, scenario_id)
    session.expire(scenario)
    return scenario
