"""What one friend would get of a scenario, and when: the real engine runs ahead of the clock, and everything is undone.

Only time moves: what the friend does meanwhile is not known, so conditions are asked of the friend as they are today.
What steps do besides speaking, a tag for one, is done for real until it is undone: later conditions may ask for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import scenario_edits
from scheduler.enrolments import Start, enter_many
from scheduler.matching import matching
from scheduler.models import Delivery, DeliveryState, Enrolment, EnrolmentState, Scenario, Step, StepKind
from scheduler.reasons import Reason
from scheduler.scenario_flow import Flow
from scheduler.scenarios import SECOND_TRY
from scheduler.step_deliveries import Ground, leaves_at
from scheduler.step_round import Round
from scheduler.steps import take
from scheduler.trial_book import TrialBook
from segments import shop
from segments.errors import NotFound
from segments.models import Friend
from segments.shop import Shop

CAUSE = "trial"
MOST_LOOKS = 500
"""Looks at one friend: waits look again every hour, so that those of many weeks are cut short."""


@dataclass(frozen=True)
class Moment:
    """One thing that would happen to the friend."""

    at: datetime
    number: str
    """The step's number, as on the page."""
    step_id: int
    kind: StepKind
    name: str
    outcome: str
    """`sent`, `skipped`, `done`, `waits`, `arm`, `left`, `paused`."""
    detail: str = ""
    """The reason of a skip or of leaving, the arm's name."""
    until: datetime | None = None
    """Of a message that waits for a free reply to go with: when it leaves at the latest."""


@dataclass(frozen=True)
class Trial:
    """The way of one friend through a scenario."""

    moments: list[Moment]
    end: str
    """`completed`, `goal`, `left`, `not_for_them`, `empty`, `paused` or `goes_on`."""
    end_reason: str = ""
    ends_at: datetime | None = None


def run(session: Session, scenario_id: int, friend_id: int, now: datetime) -> Trial:
    """Return what the friend would get if the scenario started for them now.

    Nothing is kept: the caller's transaction is undone to where it was. Raises NotFound (scenario_unknown,
    friend_unknown).
    """
    scenario = scenario_edits.load(session, scenario_id)
    if session.get(Friend, friend_id) is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    with session.begin_nested() as undone:
        trial = _run(session, scenario, friend_id, now)
        undone.rollback()
    session.expire_all()
    return trial


def _run(session: Session, scenario: Scenario, friend_id: int, now: datetime) -> Trial:
    settings = shop.load(session)
    flow = Flow(scenario.steps)
    if flow.first is None:
        return Trial([], "empty")
    if not matching(session, scenario.condition, [friend_id], now, settings):
        return Trial([], "not_for_them")
    # A scenario that is not started yet can be tried as well, by a friend who has been through it too.
    scenario.active, scenario.reentry = True, type(scenario.reentry).ALWAYS
    session.flush()
    context = {"at": now.isoformat()}
    enter_many(session, scenario, [Start(friend_id, CAUSE, context, now)], now, settings)
    mine = (Enrolment.scenario_id == scenario.id, Enrolment.friend_id == friend_id, Enrolment.cause == CAUSE)
    enrolment = session.scalars(select(Enrolment).where(*mine)).one()
    return _Way(session, scenario, enrolment, settings, flow).follow(now)


class _Way:
    """The way of one enrolment, followed look by look."""

    def __init__(
        self, session: Session, scenario: Scenario, enrolment: Enrolment, settings: Shop, flow: Flow
    ) -> None:
        self._session, self._scenario = session, scenario
        self._steps = {step.id: step for step in flow.steps}
        self._numbers = {placed.step.id: placed.number for placed in flow.placed()}
        self._book = TrialBook(session, enrolment)
        self._shared = Round(session, settings, self._book)
        self._moments: list[Moment] = []

    def follow(self, now: datetime) -> Trial:
        """Go as far as it goes."""
        self._moments += self._passed(self._passed_at_once(), now)
        book = self._book
        for _ in range(MOST_LOOKS):
            if book.state is not EnrolmentState.ACTIVE or book.step_id is None or book.next_at is None:
                return Trial(self._not_withdrawn(), book.state.value, book.reason, book.ended_at)
            # A step after one that was held is due as if that had not been; the clock does not go back for it.
            step, now = self._steps[book.step_id], max(book.next_at, now)
            if not step.active:
                self._moments.append(self._moment(now, step, "paused"))
                return Trial(self._riding(), "paused")
            now = self._wait_cut_short(step, now)
            self._look(step, now)
        return Trial(self._riding(), "goes_on")

    def _riding(self) -> list[Moment]:
        """Return the moments; what waits for a reply leaves with the next push at the latest (scheduler.collecting)."""
        pushes = [each.until or each.at for each in self._moments if each.outcome == "sent"]
        return [
            replace(each, until=min(push for push in pushes if push >= each.at)) if each.until else each
            for each in self._moments
        ]

    def _not_withdrawn(self) -> list[Moment]:
        """Return the moments; who leaves before a message does, or with it, does not get it (enrolments.end_many)."""
        ended, moments = self._book.ended_at, self._riding()
        if ended is None or self._book.state not in {EnrolmentState.LEFT, EnrolmentState.GOAL}:
            return moments
        withdrawn = {"outcome": "skipped", "detail": Reason.SCENARIO_ENDED, "until": None}
        return [
            replace(each, **withdrawn)
            if each.outcome == "sent" and (each.until or each.at) >= ended
            else each
            for each in moments
        ]

    def _look(self, step: Step, at: datetime) -> None:
        member = self._book.begin(at + SECOND_TRY)
        ground = Ground(self._shared, self._scenario, step, at)
        take(ground, [member])
        outcome, detail = self._outcome(step)
        if outcome:
            rides = self._book.taken.rides_until if outcome == "sent" else None
            until = leaves_at(ground, rides) if rides else None
            self._moments.append(replace(self._moment(at, step, outcome, detail), until=until))
        seen = {moment.step_id for moment in self._moments} | {step.id}
        self._moments += self._passed([each for each in self._book.taken.passed if each.id not in seen], at)

    def _outcome(self, step: Step) -> tuple[str, str]:
        book = self._book
        if book.step_id == step.id:
            return ("waits", "") if step.kind is StepKind.WAIT_UNTIL else ("", "")
        if book.state in {EnrolmentState.LEFT, EnrolmentState.GOAL}:
            return "left", book.reason
        if book.taken.said is not None:
            return ("skipped", book.taken.said) if book.taken.said else ("sent", "")
        if step in book.taken.passed:
            return "skipped", Reason.NO_DATE
        return ("arm", book.taken.arm) if book.taken.arm else ("done", "")

    def _wait_cut_short(self, step: Step, at: datetime) -> datetime:
        """Return when to look next: after the first look at a wait, straight at its latest time."""
        due = self._book.due_at
        waited = any(moment.step_id == step.id and moment.outcome == "waits" for moment in self._moments)
        if step.kind is not StepKind.WAIT_UNTIL or not waited or due is None:
            return at
        return due + timedelta(days=float(step.settings.get("latest_days") or 0))

    def _passed_at_once(self) -> list[Step]:
        """Return the steps that a newcomer passes over for want of a date."""
        mine = (Delivery.enrolment_id == self._book.enrolment_id, Delivery.state == DeliveryState.SKIPPED)
        ids = self._session.scalars(select(Delivery.step_id).where(*mine).order_by(Delivery.id))
        return [self._steps[id_] for id_ in ids if id_ is not None]

    def _passed(self, steps: list[Step], at: datetime) -> Iterator[Moment]:
        return (self._moment(at, step, "skipped", Reason.NO_DATE) for step in steps)

    def _moment(self, at: datetime, step: Step, outcome: str, detail: str = "") -> Moment:
        number = self._numbers.get(step.id, "")
        return Moment(at, number, step.id, step.kind, step.name, outcome, detail)
