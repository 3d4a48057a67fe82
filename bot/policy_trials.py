"""Dry runs of thresholds: begun from the console, run at once or as a job, cancelled, kept with what they would do."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.models import PolicyTrial
from scheduler.jobs import Job, JobQueue
from segments import policies, policy_trial, rfm, rfm_trial
from segments.clock import Clock
from segments.db import Database
from segments.errors import NotFound
from segments.policies import LADDER_KINDS
from segments.rfm import RfmPolicy

AT_ONCE = timedelta(seconds=0.8)
"""What takes no longer is done while the page is waited for."""
KEPT = timedelta(days=7)


class _Cancelled(Exception):
    """Somebody does not want to know any more."""


def begin(
    session: Session, queue: JobQueue, name: str, data: Mapping[str, Any], by: str, now: datetime
) -> tuple[int, bool]:
    """Write a dry run down; return its number and whether it is short enough to be run at once.

    A long one is put on the queue in this transaction. Raises Invalid (policy_invalid).
    """
    _forget_old(session, now)
    total, takes = _effort(session, name, data)
    trial = PolicyTrial(
        name=name,
        data=dict(data),
        based_on=next((each.id for each in policies.versions(session, name)), 0),
        begun_at=now,
        begun_by=by,
        total=total,
        done=0,
        cancelled=False,
    )
    session.add(trial)
    session.flush()
    at_once = takes <= AT_ONCE
    if not at_once:
        queue.enqueue(session, Job.TRY_POLICY, f"try-policy-{trial.id}", trial.id)
    return trial.id, at_once


def _effort(session: Session, name: str, data: Mapping[str, Any]) -> tuple[int, timedelta]:
    if name == rfm.POLICY:
        RfmPolicy.from_json(data)
        return 0, timedelta()
    effort = policy_trial.effort_of(session, LADDER_KINDS[name].from_json(data))
    return effort.buyers, effort.takes


def _forget_old(session: Session, now: datetime) -> None:
    session.execute(delete(PolicyTrial).where(PolicyTrial.begun_at < now - KEPT))


def run(database: Database, clock: Clock, trial_id: int) -> None:
    """Do a dry run; one that was done or cancelled before is left alone, so that running it twice does no harm."""
    with database.reading() as session:
        trial = session.get(PolicyTrial, trial_id)
        if trial is None or trial.ended_at is not None or trial.cancelled:
            return
        try:
            result = _tried(database, session, trial, clock.now())
        except _Cancelled:
            return
    with database.begin() as session:
        ended = update(PolicyTrial).where(PolicyTrial.id == trial_id, PolicyTrial.cancelled.is_(False))
        session.execute(ended.values(done=PolicyTrial.total, ended_at=clock.now(), result=result))


def _tried(database: Database, session: Session, trial: PolicyTrial, now: datetime) -> dict[str, Any]:
    if trial.name == rfm.POLICY:
        scores = rfm_trial.try_out(session, RfmPolicy.from_json(trial.data), now)
        return _result(scores.moved, scores.buyers, scores.moves)
    policy = LADDER_KINDS[trial.name].from_json(trial.data)
    ladders = policy_trial.try_out(session, policy, now, lambda done: _go_on(database, trial.id, done))
    return _result(ladders.moved, ladders.buyers, ladders.moves)


def _go_on(database: Database, trial_id: int, done: int) -> None:
    """Tell how far it has come, and hear whether it is still wanted."""
    with database.begin() as session:
        told = update(PolicyTrial).where(PolicyTrial.id == trial_id).values(done=done)
        if session.scalar(told.returning(PolicyTrial.cancelled)) is not False:
            raise _Cancelled


def _result(moved: int, buyers: int, moves: Mapping[Any, Mapping[tuple[str, str], int]]) -> dict[str, Any]:
    listed = [
        [str(ladder), before, after, count]
        for ladder, counted in moves.items()
        for (before, after), count in sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    ]
    return {"moved": moved, "buyers": buyers, "moves": listed}


def one(session: Session, name: str, trial_id: int) -> PolicyTrial:
    """Return a dry run of a policy; raises NotFound (trial_unknown)."""
    found = session.scalar(select(PolicyTrial).where(PolicyTrial.id == trial_id, PolicyTrial.name == name))
    if found is None:
        raise NotFound("trial_unknown")
    return found


def cancel(session: Session, name: str, trial_id: int) -> None:
    """Stop a dry run that is not over yet."""
    one(session, name, trial_id)
    running = update(PolicyTrial).where(PolicyTrial.id == trial_id, PolicyTrial.ended_at.is_(None))
    session.execute(running.values(cancelled=True))
