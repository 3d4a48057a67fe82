"""What taking a step writes down: what friends are sent or why not, where they go next, and who is done."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scheduler import bulk, decision_rows, enrolments, mail_instead, step_passes
from scheduler.heading import Place
from scheduler.models import Delivery, Enrolment, EnrolmentState, Step
from scheduler.passed_steps import write_passed
from scheduler.reasons import Reason
from scheduler.verdicts import Verdict
from segments.upsert import insert_new


class StepBook:
    """Writes into the database; scheduler.trial_book keeps the same in mind, where nothing is to come of it.

    Friends are named by their enrolments' ids.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

    def hold(self, until: Mapping[int, datetime]) -> None:
        """Have enrolments looked at again then; the step stays due when it was."""
        columns = {"id": [*until], "next_at": [*until.values()]}
        bulk.update_columns(self.session, Enrolment, "id", columns)

    def put_off(self, due: Mapping[int, datetime]) -> None:
        """Have the step they wait for come due then."""
        moments = [*due.values()]
        bulk.update_columns(
            self.session, Enrolment, "id", {"id": [*due], "next_at": moments, "due_at": moments}
        )

    def place(self, places: Mapping[int, Place]) -> None:
        """Have them wait for another step."""
        due = [place.due for place in places.values()]
        columns = {"id": [*places], "next_at": due, "due_at": due}
        steps = [place.step_id for place in places.values()]
        bulk.update_columns(self.session, Enrolment, "id", {**columns, "next_step_id": steps})

    def complete(self, ids: Sequence[int], now: datetime) -> None:
        """End those who are through all steps; a message still waiting may leave."""
        if not ids:
            return
        ended = {"state": EnrolmentState.COMPLETED, "end_reason": Reason.COMPLETED, "ended_at": now}
        self.session.execute(
            update(Enrolment)
            .where(Enrolment.id.in_(ids), Enrolment.state == EnrolmentState.ACTIVE)
            .values(**ended, next_step_id=None, next_at=None, due_at=None)
            .execution_options(synchronize_session=False)
        )

    def end(self, ids: Collection[int], state: EnrolmentState, reason: Reason, now: datetime) -> None:
        """End them before the last step, and withdraw what they had queued."""
        if ids:
            enrolments.end_many(self.session, Enrolment.id.in_(ids), state, reason, now)

    def keep_arms(self, arms: Mapping[int, Mapping[str, str]]) -> None:
        """Keep the arms that were taken at splits, by the step's id as text."""
        rows = [{"id": id_, "arms": dict(taken)} for id_, taken in arms.items()]
        self.session.execute(update(Enrolment), rows)

    def went_on(self, step_id: int, arms: Iterable[str], day: date) -> None:
        """Count those who went on from a step, by the arm they took."""
        step_passes.note(self.session, step_id, arms, day)

    def pass_over(self, passed: Iterable[tuple[int, int, Step]], now: datetime) -> None:
        """Write down as skipped what they pass over for want of a date, as (enrolment, friend, step)."""
        write_passed(self.session, passed, now)

    def judged(self, step_id: int, told: Iterable[tuple[int, int, Verdict]], now: datetime) -> None:
        """Write down what was said of a step's message, as (enrolment, friend, verdict)."""
        decision_rows.of_step(self.session, step_id, told, now)

    def who_had(self, step_id: int, ids: Collection[int]) -> set[int]:
        """Return those of `ids` that have a delivery of the step."""
        rows = select(Delivery.enrolment_id).where(
            Delivery.enrolment_id.in_(ids), Delivery.step_id == step_id
        )
        return {id_ for id_ in self.session.scalars(rows) if id_ is not None}

    def deliver(self, rows: Sequence[dict[str, Any]]) -> set[int]:
        """Write deliveries of one step, once for each enrolment; return the enrolments that had none before."""
        return {id_ for id_ in insert_new(self.session, Delivery, rows, Delivery.enrolment_id) if id_}

    def mail(self, step: Step, ids: Sequence[int], now: datetime) -> None:
        """Have what was just written as skipped go by mail, where it may."""
        mail_instead.of_steps(self.session, step.id, ids, now)
