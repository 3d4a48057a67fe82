"""Loads, in a few queries for many deliveries, what eligibility judges by."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.apologies import is_apology
from scheduler.candidate_facts import Candidate, Progress
from scheduler.house import House, held_out_of, house_of
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    Purpose,
    Scenario,
    Step,
)
from scheduler.recipients import recipients
from scheduler.waiting import Waiting

_BROADCAST = {
    BroadcastState.PAUSED: Progress.PAUSED,
    BroadcastState.CANCELLED: Progress.CANCELLED,
}
_TAKEN = frozenset({DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN})
"""The friend has it, or may have it: never again."""


def candidates(
    session: Session, deliveries: Sequence[Delivery] | Sequence[Waiting], now: datetime
) -> list[Candidate]:
    """Return what may_send asks about each of at most 500 deliveries, in their order.

    Deliveries that are alike in all that may_send looks at share one candidate: it need be judged but once.
    """
    house = house_of(session, now)
    known = recipients(session, {delivery.friend_id for delivery in deliveries}, house)
    broadcasts = _broadcasts(session, deliveries)
    steps = _step_progress(session, deliveries)
    alike: dict[tuple[object, ...], Candidate] = {}
    found: list[Candidate] = []
    for delivery in deliveries:
        recipient = known[delivery.friend_id]
        taken = delivery.state in _TAKEN
        progress, percent = broadcasts.get(delivery.broadcast_id, _NO_BROADCAST)
        stands, apology = steps.get(delivery.id, _NO_STEP)
        progress = progress or stands or Progress.RUNNING
        out = held_out_of(house, delivery.friend_id, delivery.broadcast_id, percent)
        key = (
            id(recipient),
            delivery.kind,
            delivery.purpose,
            delivery.expires_at,
            taken,
            progress,
            out,
            apology,
        )
        if key not in alike:
            alike[key] = Candidate(
                recipient=recipient,
                kind=delivery.kind,
                purpose=delivery.purpose,
                quiet=house.quiet,
                expires_at=delivery.expires_at,
                already_got=taken,
                progress=progress,
                open_days=house.open_days(delivery.kind),
                held_out_of=out,
                apology=apology,
            )
        found.append(alike[key])
    return found


def for_step(
    session: Session, friend_ids: Collection[int], purpose: Purpose, house: House
) -> dict[int, Candidate]:
    """Return what may_send asks about a message of a step that each of at most 500 friends is about to get.

    It has no delivery yet; the caller replaces `expires_at` where the step's message ends to make sense, and `apology`
    where the scenario apologises.
    """
    known = recipients(session, friend_ids, house)
    return {
        friend_id: Candidate(
            recipient=recipient,
            kind=DeliveryKind.STEP,
            purpose=purpose,
            quiet=house.quiet,
            open_days=house.open_days(DeliveryKind.STEP),
            held_out_of=held_out_of(house, friend_id, None, 0),
        )
        for friend_id, recipient in known.items()
    }


_NO_BROADCAST: tuple[Progress | None, int] = (None, 0)
_NO_STEP: tuple[Progress | None, bool] = (None, False)


def _broadcasts(
    session: Session, deliveries: Sequence[Delivery] | Sequence[Waiting]
) -> dict[int | None, tuple[Progress | None, int]]:
    """Return how it stands with each broadcast, and the percent it holds out."""
    ids = {delivery.broadcast_id for delivery in deliveries if delivery.broadcast_id is not None}
    if not ids:
        return {}
    rows = session.execute(
        select(Broadcast.id, Broadcast.state, Broadcast.holdout_percent).where(Broadcast.id.in_(ids))
    )
    return {id_: (progress_of(state), percent) for id_, state, percent in rows}


def progress_of(state: BroadcastState) -> Progress:
    """Return how it stands with a broadcast's messages."""
    return _BROADCAST.get(state, Progress.RUNNING)


def _step_progress(
    session: Session, deliveries: Sequence[Delivery] | Sequence[Waiting]
) -> dict[int, tuple[Progress, bool]]:
    """Return, by delivery, whether it may go on (scenario ended or paused, step taken out), and whether it apologises."""
    ids = [delivery.id for delivery in deliveries if delivery.enrolment_id is not None]
    if not ids:
        return {}
    rows = session.execute(
        select(Delivery.id, Scenario.key, Enrolment.state, Scenario.active, Step.active, Step.removed_at)
        .join(Enrolment, Enrolment.id == Delivery.enrolment_id)
        .join(Scenario, Scenario.id == Enrolment.scenario_id)
        .outerjoin(Step, Step.id == Delivery.step_id)
        .where(Delivery.id.in_(ids))
    )
    return {
        id_: (_stand(state, scenario, step, gone), is_apology(key))
        for id_, key, state, scenario, step, gone in rows
    }


def _stand(
    state: EnrolmentState, scenario_active: bool, step_active: bool | None, removed_at: datetime | None
) -> Progress:
    if state in {EnrolmentState.GOAL, EnrolmentState.LEFT}:
        return Progress.ENDED
    if removed_at is not None:  # Paused before, it would else be held for ever: nobody can resume it.
        return Progress.REMOVED
    return Progress.RUNNING if scenario_active and step_active is not False else Progress.PAUSED
