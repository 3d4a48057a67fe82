"""What a step would write down of the one friend a scenario is tried on: kept in mind alone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from scheduler import mail_instead
from scheduler.heading import Place
from scheduler.models import Enrolment, EnrolmentState, Step
from scheduler.reasons import Reason
from scheduler.step_book import StepBook
from scheduler.step_deliveries import Member
from scheduler.verdicts import Verdict


@dataclass
class Taken:
    """What came of one step."""

    said: str | None = None
    """Of its message: why it was skipped, "" for one that is sent; None when it says nothing, or said it before."""
    rides_until: datetime | None = None
    """When its message is pushed unless the friend writes before; None for one that does not wait for that."""
    arm: str = ""
    passed: list[Step] = field(default_factory=list[Step])
    """Steps with a message that were passed over for want of a date."""


class TrialBook(StepBook):
    """The way of one enrolment, which stands in the database as it was when the trial began."""

    def __init__(self, session: Session, enrolment: Enrolment) -> None:
        super().__init__(session)
        self._enrolment = enrolment
        self._arms = dict(enrolment.arms)
        self._had: set[int] = set()
        self.step_id, self.next_at, self.due_at = enrolment.next_step_id, enrolment.next_at, enrolment.due_at
        self.state, self.ended_at = enrolment.state, enrolment.ended_at
        self.reason = enrolment.end_reason or ""
        self.taken = Taken()

    @property
    def enrolment_id(self) -> int:
        """The enrolment whose way it is."""
        return self._enrolment.id

    def begin(self, until: datetime) -> Member:
        """Return the friend as they come to the next step; `until` is when to look again should nothing come of it."""
        self.taken, self.next_at = Taken(), until
        one = self._enrolment
        # What effects put into its context stands in the row.
        begun = (one.id, one.scenario_id, one.friend_id, one.cause, one.context, one.entered_at)
        return Member(*begun, self.step_id, self.due_at, self._arms)

    def hold(self, until: Mapping[int, datetime]) -> None:
        """Look again then."""
        for moment in until.values():
            self.next_at = moment

    def put_off(self, due: Mapping[int, datetime]) -> None:
        """Have the step come due then."""
        for moment in due.values():
            self.next_at = self.due_at = moment

    def place(self, places: Mapping[int, Place]) -> None:
        """Wait for another step."""
        for where in places.values():
            self.step_id, self.next_at, self.due_at = where.step_id, where.due, where.due

    def complete(self, ids: Sequence[int], now: datetime) -> None:
        """Be through."""
        self.end(ids, EnrolmentState.COMPLETED, Reason.COMPLETED, now)

    def end(self, ids: Collection[int], state: EnrolmentState, reason: Reason, now: datetime) -> None:
        """Be done."""
        if ids:
            self.state, self.reason, self.ended_at = state, reason, now
            self.step_id = self.next_at = self.due_at = None

    def keep_arms(self, arms: Mapping[int, Mapping[str, str]]) -> None:
        """Keep the arm that was taken."""
        for taken in arms.values():
            self._arms |= taken

    def went_on(self, step_id: int, arms: Iterable[str], day: date) -> None:
        """Take note of the arm; nobody is counted."""
        del step_id, day
        self.taken.arm = next(iter(arms), "")

    def pass_over(self, passed: Iterable[tuple[int, int, Step]], now: datetime) -> None:
        """Take note of the steps."""
        del now
        self.taken.passed += [step for _enrolment, _friend, step in passed if step.message_id is not None]

    def judged(self, step_id: int, told: Iterable[tuple[int, int, Verdict]], now: datetime) -> None:
        """Tell nobody."""
        del step_id, told, now

    def who_had(self, step_id: int, ids: Collection[int]) -> set[int]:
        """Return the friend if they were at the step before."""
        return set(ids) if step_id in self._had else set()

    def deliver(self, rows: Sequence[dict[str, Any]]) -> set[int]:
        """Take note of the message and what became of it."""
        new = [row for row in rows if row["step_id"] not in self._had]
        for row in new:
            self._had.add(row["step_id"])
            self.taken.said = row["reason"] or ""
            self.taken.rides_until = row["not_before"] if row["rides_from"] else None
        return {row["enrolment_id"] for row in new}

    def mail(self, step: Step, ids: Sequence[int], now: datetime) -> None:
        """Have what LINE cannot bring go by mail, where it would."""
        del now
        friend_id, refused = self._enrolment.friend_id, self.taken.said or ""
        if ids and mail_instead.goes_by_mail(self.session, step.purpose, refused, friend_id):
            self.taken.said = ""
