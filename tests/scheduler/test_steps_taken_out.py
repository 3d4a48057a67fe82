"""A step taken out sends nothing more: what waits is cancelled, what is in a chunk is skipped, what is under way is resolved."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler import reserved, scenario_files, scenario_steps, step_changes
from scheduler.dispatcher import Dispatcher
from scheduler.models import Chunk, Delivery, DeliveryKind, DeliveryState, Purpose, Scenario, Step, StepKind
from scheduler.preparing import prepare
from scheduler.reasons import Reason
from scheduler.scenario_drafts import StepDraft
from scheduler.scenario_flow import Flow
from scheduler.step_settings import Arm, StepSettings
from scheduler.tick import tick
from tests.builders import a_friend, a_message
from tests.fakes.clock import A_SATURDAY as NOW
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.scheduler.budget_shop import allow
from tests.scheduler.scenario_walks import DAY, HOUR, advance, enter, made, say

Run = Callable[[], int]
CANCELLED = (DeliveryState.CANCELLED, Reason.STEP_REMOVED)
SKIPPED = (DeliveryState.SKIPPED, Reason.STEP_REMOVED)
RIDES = {"rides_for": {"hours": 20}}


class Walk:
    """A friend in a scenario of one message, and the shop that sends it."""

    def __init__(self, dispatcher: Dispatcher, clock: FakeClock, gateway: FakeGateway, run_jobs: Run) -> None:
        self.dispatcher, self.clock, self.gateway, self.run_jobs = dispatcher, clock, gateway, run_jobs
        self.begin = dispatcher.database.begin

    def come_to(self, **step: Any) -> None:
        """Let the friend come to the step: its message is written."""
        with self.begin() as session:
            scenario = made(session, say("伺い", **step))
            friend = a_friend(session)
            enter(session, scenario, friend)
            self.step, self.friend = scenario.steps[0].id, friend.id
            self.line_id = friend.line_user_id or ""

    def write(self) -> None:
        with self.begin() as session:
            advance(session, self.clock.now())

    def go(self) -> None:
        """Do what is due."""
        tick(self.dispatcher)
        self.run_jobs()

    def pass_time(self, by: timedelta) -> None:
        self.clock.advance(by)
        self.go()

    def take_out(self) -> int:
        with self.begin() as session:
            told = scenario_steps.removal(session, self.step).unsent
            assert scenario_steps.remove_step(session, self.step, self.clock.now()) == told
        return told

    def stands(self) -> tuple[DeliveryState, str | None]:
        with self.dispatcher.database.reading() as session:
            found = session.scalars(select(Delivery).where(Delivery.step_id == self.step)).one()
            return found.state, found.reason

    def spoken_for(self) -> int:
        with self.dispatcher.database.reading() as session:
            found = reserved.reserved(session, self.clock.now())
            return found.queued + found.held


@pytest.fixture
def walk(dispatcher: Dispatcher, clock: FakeClock, gateway: FakeGateway, run_jobs: Run) -> Walk:
    return Walk(dispatcher, clock, gateway, run_jobs)


def _for_a_reply(walk: Walk) -> None:
    walk.come_to(**RIDES)
    walk.go()


def _for_the_morning(walk: Walk) -> None:
    walk.come_to()
    walk.clock.advance(timedelta(hours=6, minutes=25))
    walk.write()
    walk.pass_time(timedelta(minutes=10))


def _for_money(walk: Walk) -> None:
    with walk.begin() as session:
        allow(session, 0)
    walk.come_to()
    walk.go()


def _for_another(walk: Walk) -> None:
    walk.come_to(after={"minutes": 5})
    walk.clock.advance(timedelta(minutes=5))
    with walk.begin() as session:
        other = Delivery(
            friend_id=walk.friend,
            kind=DeliveryKind.STEP,
            purpose=Purpose.CARE,
            message_version_id=a_message(session, "べつの").id,
            created_at=walk.clock.now(),
            not_before=walk.clock.now() + timedelta(minutes=10),
        )
        session.add(other)
    walk.go()
    with walk.begin() as session:
        session.delete(session.merge(other))


def _paused(walk: Walk) -> None:
    walk.come_to()
    walk.write()
    with walk.begin() as session:
        step_changes.pause(session, walk.step)
    walk.go()


@pytest.mark.parametrize(
    ("wait", "reason"),
    [
        (_for_a_reply, None),
        (_for_the_morning, Reason.QUIET_HOURS),
        (_for_money, Reason.OVER_BUDGET),
        (_for_another, Reason.BUNDLING),
        (_paused, Reason.CAMPAIGN_PAUSED),
    ],
)
def test_what_waits_to_be_sent_is_cancelled_and_takes_no_money(
    walk: Walk, wait: Callable[[Walk], None], reason: Reason | None
) -> None:
    wait(walk)
    assert walk.stands() == (DeliveryState.QUEUED, reason)
    assert walk.spoken_for() == 1
    assert walk.take_out() == 1
    assert walk.stands() == CANCELLED
    assert walk.spoken_for() == 0
    for _ in range(4):
        walk.pass_time(DAY / 2)
    assert (walk.stands(), walk.gateway.sent_to(walk.line_id)) == (CANCELLED, [])


@pytest.mark.parametrize("paused", [False, True])
def test_what_is_in_a_chunk_is_skipped_by_the_last_check(walk: Walk, *, paused: bool) -> None:
    walk.come_to()
    tick(walk.dispatcher)
    tick(walk.dispatcher)
    with walk.begin() as session:
        if paused:
            step_changes.pause(session, walk.step)
        assert session.scalars(select(Delivery.chunk_id)).one() is not None
    assert walk.take_out() == 0
    assert walk.stands() == (DeliveryState.QUEUED, None)
    walk.run_jobs()
    assert (walk.stands(), walk.gateway.sent_to(walk.line_id)) == (SKIPPED, [])
    assert walk.spoken_for() == 0


def test_what_line_may_have_taken_is_still_resolved(walk: Walk) -> None:
    walk.come_to()
    tick(walk.dispatcher)
    tick(walk.dispatcher)
    with walk.begin() as session:
        prepare(session, session.scalars(select(Chunk.id)).one(), walk.clock.now(), walk.dispatcher.zone)
    assert walk.stands() == (DeliveryState.SENDING, None)
    assert walk.take_out() == 0
    walk.run_jobs()
    assert walk.stands() == (DeliveryState.ACCEPTED, None)
    assert walk.gateway.sent_to(walk.line_id) == ["伺い"]


def test_what_was_sent_stays_sent(walk: Walk) -> None:
    walk.come_to()
    walk.go()
    walk.go()
    assert walk.take_out() == 0
    assert walk.stands() == (DeliveryState.ACCEPTED, None)


def _forked(session: Session) -> tuple[Scenario, dict[str, int]]:
    """Have friends wait for a reply in both arms of a split, the second lies in a branch; return how many in each."""
    inner = {"do": "branch", "if": {"is": "everyone"}, "yes": [say("B", **RIDES)]}
    arms = [
        {"name": "A", "share": 1, "steps": [say("A", **RIDES)]},
        {"name": "B", "share": 1, "steps": [inner]},
    ]
    scenario = made(session, {"do": "split", "name": "分け", "arms": arms}, say("おわり", after={"days": 3}))
    for _ in range(12):
        enter(session, scenario)
    advance(session, NOW)
    names = session.scalars(select(Step.name).join(Delivery, Delivery.step_id == Step.id)).all()
    counts = {name: names.count(name) for name in "AB"}
    assert min(counts.values()) > 0
    return scenario, counts


def _standing(session: Session) -> set[tuple[str, DeliveryState, str | None]]:
    rows = session.execute(
        select(Step.name, Delivery.state, Delivery.reason).join(Delivery, Delivery.step_id == Step.id)
    )
    return {(name, state, reason) for name, state, reason in rows}


ONE_ARM_LEFT = {("A", DeliveryState.QUEUED, None), ("B", *CANCELLED)}


def test_an_arm_taken_away_cancels_what_waits_in_it_and_nothing_else(walk: Walk) -> None:
    with walk.begin() as session:
        scenario, counts = _forked(session)
        split = Flow(scenario.steps).main[0]
        assert scenario_steps.unsent_by_arm(session, split) == counts
        assert scenario_steps.removal(session, split.id).unsent == 12
        others = StepSettings(arms=[Arm(name="A", share=1), Arm(name="C", share=1)])
        scenario_steps.change_step(session, split.id, StepDraft(StepKind.SPLIT, settings=others), NOW)
        assert scenario_steps.unsent_by_arm(session, split) == {"A": counts["A"]}
    with walk.begin() as session:
        assert _standing(session) == ONE_ARM_LEFT


def test_a_file_imported_over_cancels_what_waits_at_the_steps_it_leaves_out(walk: Walk) -> None:
    with walk.begin() as session:
        scenario, _ = _forked(session)
        text = scenario_files.export(session, scenario.id)
        text["steps"][0]["arms"][1]["steps"] = []
        scenario_files.replace(session, scenario.id, json.dumps(text), "test", NOW)
    with walk.begin() as session:
        assert _standing(session) == ONE_ARM_LEFT


def test_what_a_worker_writes_of_a_step_just_taken_out_never_leaves(walk: Walk) -> None:
    walk.come_to(**RIDES)
    walk.write()
    with walk.begin() as session:
        # As a worker leaves it that had read the step before it was taken out.
        session.get_one(Step, walk.step).removed_at = NOW
    walk.pass_time(21 * HOUR)
    walk.go()
    assert (walk.stands(), walk.gateway.sent_to(walk.line_id)) == (SKIPPED, [])
