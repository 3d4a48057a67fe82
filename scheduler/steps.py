"""Takes one step for all friends who have reached it, by what kind it is, and moves them on."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from scheduler import effects, enrolments, goals, heading, splits, step_judging
from scheduler.heading import Heading
from scheduler.matching import matching
from scheduler.models import EnrolmentState, Step, StepKind
from scheduler.reasons import Reason
from scheduler.scenario_flow import BRANCHING
from scheduler.scenario_settings import of_scenario
from scheduler.step_deliveries import Ground, Member, write_deliveries
from scheduler.step_settings import NO, YES, Otherwise, of_step
from scheduler.step_timing import Arriving, due_dates
from scheduler.verdicts import PAUSE_RECHECK, Held

CATCH_UP = timedelta(days=1)
"""A step later than this moves those after it: a long pause must not end in many messages at once."""
LOOK_AGAIN = timedelta(hours=1)
"""How often a wait asks its condition; news of the friend (scheduler.triggers) has it asked at once."""

Onward = Sequence[tuple[Member, Step | None]]
"""Who goes on, and to which step."""


def take(ground: Ground, members: Sequence[Member]) -> None:
    """Take the step for `members`, who are all at it and due."""
    if ground.step.removed_at is not None:
        _move_on(ground, [(member, ground.flow.after(ground.step)) for member in members])
        return
    if not (ground.scenario.active and ground.step.active):
        ground.book.hold({member.id: ground.now + PAUSE_RECHECK for member in members})
        return
    staying = _without_those_who_leave(ground, members)
    there = _whose_day_it_is(ground, staying)
    if there:
        onward = _TAKEN[ground.step.kind](ground, there)
        if ground.step.kind not in BRANCHING:
            _note(ground, [""] * len(onward))
        _move_on(ground, onward)


def _without_those_who_leave(ground: Ground, members: Sequence[Member]) -> list[Member]:
    at_goal = goals.reached(ground.session, ground.scenario.goal, members, ground.now, ground.settings)
    _end(ground, at_goal, EnrolmentState.GOAL, Reason.GOAL)
    on_the_way = [member for member in members if member.id not in at_goal]
    if not of_scenario(ground.scenario).leave_when_unmatched:
        return on_the_way
    fits = _those_matching(ground, ground.scenario.condition, on_the_way)
    gone = {member.id for member in on_the_way} - fits
    _end(ground, gone, EnrolmentState.LEFT, Reason.CONDITION)
    return [member for member in on_the_way if member.id in fits]


def _whose_day_it_is(ground: Ground, members: Sequence[Member]) -> list[Member]:
    """Return those whose date, if the step counts back from one, is still the same: dates are corrected meanwhile."""
    if of_step(ground.step).when.before is None or not members:
        return list(members)
    arriving = [
        Arriving(each.id, each.friend_id, each.due_at or ground.now, each.context) for each in members
    ]
    due = due_dates(ground.session, ground.step, arriving, ground.now, ground.settings)
    later = {id_: moment for id_, moment in due.items() if moment > ground.now}
    ground.book.put_off(later)
    gone = [member for member in members if member.id not in due]
    ground.book.pass_over([(each.id, each.friend_id, ground.step) for each in gone], ground.now)
    _move_on(ground, [(member, ground.flow.after(ground.step)) for member in gone])
    return [member for member in members if member.id in due and member.id not in later]


def _those_matching(ground: Ground, condition: dict[str, Any] | None, members: Sequence[Member]) -> set[int]:
    if not members:
        return set()
    friends = {member.friend_id for member in members}
    found = matching(ground.session, condition, friends, ground.now, ground.settings)
    return {member.id for member in members if member.friend_id in found}


def _end(ground: Ground, ids: Iterable[int], state: EnrolmentState, reason: Reason) -> None:
    ground.book.end(list(ids), state, reason, ground.now)


def _say(ground: Ground, members: Sequence[Member]) -> Onward:
    """Queue the message or skip it with a reason, and have the effects."""
    verdicts = step_judging.judge(ground, members)
    ground.book.hold({id_: verdict.until for id_, verdict in verdicts.items() if isinstance(verdict, Held)})
    done = [member for member in members if not isinstance(verdicts[member.id], Held)]
    sent = write_deliveries(ground, done, verdicts)
    for member in sorted(sent, key=lambda each: each.friend_id):
        occasion = effects.Occasion(ground.step, member.id, member.friend_id, member.context)
        effects.apply(ground.session, occasion, ground.settings, ground.now)
    return _all_after(ground, done)


def _wait_until(ground: Ground, members: Sequence[Member]) -> Onward:
    """Let go on whom the condition holds for, from now; the others wait, at most until the latest time."""
    settings = of_step(ground.step)
    fits = _those_matching(ground, ground.step.condition, members)
    ends = {member.id: (member.due_at or ground.now) + settings.latest for member in members}
    late = [member for member in members if member.id not in fits and ends[member.id] <= ground.now]
    waiting = {id_: end for id_, end in ends.items() if id_ not in fits and end > ground.now}
    ground.book.hold({id_: min(end, ground.now + LOOK_AGAIN) for id_, end in waiting.items()})
    if settings.otherwise is Otherwise.LEAVE:
        _end(ground, [member.id for member in late], EnrolmentState.LEFT, Reason.WAITED)
        late = []
    freed = [member._replace(due_at=ground.now) for member in members if member.id in fits]
    return _all_after(ground, freed + [member._replace(due_at=ends[member.id]) for member in late])


def _branch(ground: Ground, members: Sequence[Member]) -> Onward:
    fits = _those_matching(ground, ground.step.condition, members)
    arms = {arm: ground.flow.into(ground.step, arm) for arm in (YES, NO)}
    taken = {member.id: YES if member.id in fits else NO for member in members}
    _note(ground, taken.values())
    return [(member, arms[taken[member.id]]) for member in members]


def _split(ground: Ground, members: Sequence[Member]) -> Onward:
    arms, key = of_step(ground.step).arms, str(ground.step.id)
    before = enrolments.arms_before(ground.session, ground.step, [member.friend_id for member in members])
    drawn = {
        member.id: splits.kept_or_drawn(
            ground.step.id, member.friend_id, arms, member.arms.get(key) or before.get(member.friend_id)
        )
        for member in members
    }
    ground.book.keep_arms({member.id: {**member.arms, key: drawn[member.id]} for member in members})
    _note(ground, drawn.values())
    firsts = {arm.name: ground.flow.into(ground.step, arm.name) for arm in arms}
    return [(member, firsts[drawn[member.id]]) for member in members]


def _goal(ground: Ground, members: Sequence[Member]) -> Onward:
    there = _those_matching(ground, ground.step.condition, members)
    _end(ground, there, EnrolmentState.GOAL, Reason.GOAL)
    return _all_after(ground, [member for member in members if member.id not in there])


def _out(ground: Ground, members: Sequence[Member]) -> Onward:
    del ground
    return [(member, None) for member in members]


def _all_after(ground: Ground, members: Sequence[Member]) -> Onward:
    following = ground.flow.after(ground.step)
    return [(member, following) for member in members]


_TAKEN: dict[StepKind, Callable[[Ground, Sequence[Member]], Onward]] = {
    StepKind.MESSAGE: _say,
    StepKind.ACTION: _say,
    StepKind.WAIT: _all_after,
    StepKind.WAIT_UNTIL: _wait_until,
    StepKind.BRANCH: _branch,
    StepKind.SPLIT: _split,
    StepKind.GOAL: _goal,
    StepKind.END: _out,
}


def _note(ground: Ground, arms: Iterable[str]) -> None:
    ground.book.went_on(ground.step.id, arms, ground.settings.today(ground.now))


def _move_on(ground: Ground, onward: Onward) -> None:
    if not onward:
        return
    headings = [Heading(_arriving(ground, member), step) for member, step in onward]
    placed = heading.place(ground.session, ground.flow, headings, ground.now, ground.settings)
    passed = [(each.who.id, each.who.friend_id, each.step) for each in placed.passed if each.step]
    ground.book.pass_over(passed, ground.now)
    ground.book.complete(placed.through, ground.now)
    ground.book.place(placed.places)


def _arriving(ground: Ground, member: Member) -> Arriving:
    due = member.due_at or ground.now
    base = due if ground.now - due <= CATCH_UP else ground.now
    return Arriving(member.id, member.friend_id, base, member.context)
