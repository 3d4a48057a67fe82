"""Takes one step for all friends who have reached it: judges, queues or skips with a reason, moves on."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from scheduler import effects, enrolments
from scheduler.candidates import quiet_hours, recipients
from scheduler.matching import matching, reached
from scheduler.models import DeliveryKind, Enrolment, EnrolmentState
from scheduler.reasons import Reason
from scheduler.step_deliveries import Ground, Member, expiry, newest_version, write_deliveries
from scheduler.verdicts import PAUSE_RECHECK, Allowed, Candidate, Held, Refused, Verdict, may_send

CATCH_UP = timedelta(days=1)
"""A step later than this moves those after it: a long pause must not end in many messages at once."""


def take(ground: Ground, members: Sequence[Member]) -> None:
    """Take the step for `members`, who are all at it and due."""
    if not (ground.scenario.active and ground.step.active):
        _hold(ground, {member.id: ground.now + PAUSE_RECHECK for member in members})
        return
    staying = _without_those_who_leave(ground, members)
    if not staying:
        return
    verdicts = _judge(ground, staying)
    _hold(ground, {id_: verdict.until for id_, verdict in verdicts.items() if isinstance(verdict, Held)})
    done = [member for member in staying if not isinstance(verdicts[member.id], Held)]
    sent = write_deliveries(ground, done, verdicts)
    for member in sorted(sent, key=lambda each: each.friend_id):
        occasion = effects.Occasion(ground.step, member.id, member.friend_id, member.context)
        effects.apply(ground.session, occasion, ground.settings, ground.now)
    _move_on(ground, done)


def _without_those_who_leave(ground: Ground, members: Sequence[Member]) -> list[Member]:
    at_goal = reached(ground.session, ground.scenario.goal, members)
    _end(ground, at_goal, EnrolmentState.GOAL, Reason.GOAL)
    on_the_way = [member for member in members if member.id not in at_goal]
    fits = _those_matching(ground, ground.scenario.condition, on_the_way)
    gone = {member.id for member in on_the_way} - fits
    _end(ground, gone, EnrolmentState.LEFT, Reason.CONDITION)
    return [member for member in on_the_way if member.id in fits]


def _those_matching(ground: Ground, condition: dict[str, Any] | None, members: Sequence[Member]) -> set[int]:
    friends = {member.friend_id for member in members}
    found = matching(ground.session, condition, friends, ground.now, ground.settings)
    return {member.id for member in members if member.friend_id in found}


def _end(ground: Ground, ids: Iterable[int], state: EnrolmentState, reason: Reason) -> None:
    if found := list(ids):
        enrolments.end_many(ground.session, Enrolment.id.in_(found), state, reason, ground.now)


def _hold(ground: Ground, until: dict[int, datetime]) -> None:
    if until:
        rows = [{"id": id_, "next_at": moment} for id_, moment in until.items()]
        ground.session.execute(update(Enrolment), rows)


def _judge(ground: Ground, members: Sequence[Member]) -> dict[int, Verdict]:
    general = _general_refusal(ground)
    if general:
        return {member.id: Refused(general) for member in members}
    if ground.step.message_id is None:
        return {member.id: Allowed() for member in members}
    wanted = _those_matching(ground, ground.step.condition, members)
    known = recipients(ground.session, {member.friend_id for member in members}, ground.settings)
    quiet = quiet_hours(ground.settings)
    verdicts: dict[int, Verdict] = {}
    for member in members:
        candidate = Candidate(
            recipient=known[member.friend_id],
            kind=DeliveryKind.STEP,
            purpose=ground.step.purpose,
            quiet=quiet,
            expires_at=expiry(ground, member),
        )
        fits = member.id in wanted
        verdicts[member.id] = may_send(candidate, ground.now) if fits else Refused(Reason.CONDITION)
    return verdicts


def _general_refusal(ground: Ground) -> Reason | None:
    if effects.lacks_trial_product(ground.session, ground.step):
        return Reason.NO_TRIAL_PRODUCT
    if ground.step.message_id is not None and newest_version(ground) is None:
        return Reason.NO_MESSAGE
    return None


def _move_on(ground: Ground, members: Sequence[Member]) -> None:
    if not members:
        return
    following = next((step for step in ground.scenario.steps if step.position > ground.step.position), None)
    if following is None:
        ids = [member.id for member in members]
        complete(ground.session, ids, ground.now)
        return
    rows = [
        {"id": member.id, "next_step_id": following.id, "next_at": due, "due_at": due}
        for member in members
        for due in [enrolments.due_after(_base(ground, member), following, ground.settings.zone)]
    ]
    ground.session.execute(update(Enrolment), rows)


def _base(ground: Ground, member: Member) -> datetime:
    due = member.due_at or ground.now
    return due if ground.now - due <= CATCH_UP else ground.now


def complete(session: Session, enrolment_ids: Sequence[int], now: datetime) -> None:
    """End enrolments that are through all steps; a message still waiting may leave."""
    session.execute(
        update(Enrolment)
        .where(Enrolment.id.in_(enrolment_ids), Enrolment.state == EnrolmentState.ACTIVE)
        .values(
            state=EnrolmentState.COMPLETED,
            end_reason=Reason.COMPLETED,
            ended_at=now,
            next_step_id=None,
            next_at=None,
            due_at=None,
        )
        .execution_options(synchronize_session=False)
    )
