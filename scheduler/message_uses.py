"""Where a message is in use: the steps and broadcasts that say it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.message_list import PAGE
from scheduler.models import Broadcast, BroadcastState, MessageVersion, Scenario, Step

OPEN_BROADCASTS = tuple(
    state for state in BroadcastState if state not in {BroadcastState.DONE, BroadcastState.CANCELLED}
)


@dataclass(frozen=True)
class Use:
    """One place that says a message: a step of a scenario, or a broadcast."""

    name: str
    scenario_id: int | None = None
    step_id: int | None = None
    broadcast_id: int | None = None
    version: int | None = None
    """The version a broadcast says; a step says the newest."""
    is_running: bool = False


def uses(session: Session, message_id: int) -> list[Use]:
    """Return where a message is said: steps first, then the latest broadcasts."""
    steps = (
        select(Step.id, Step.name, Scenario.id, Scenario.name, Scenario.active, Step.active)
        .join(Scenario)
        .where(Step.message_id == message_id, Step.removed_at.is_(None))
        .order_by(Scenario.name, Step.position)
    )
    found = [
        Use(f"{scenario} – {step}" if step else scenario, scenario_id, step_id, is_running=on and step_on)
        for step_id, step, scenario_id, scenario, on, step_on in session.execute(steps)
    ]
    sent = (
        select(Broadcast.id, Broadcast.name, Broadcast.state, MessageVersion.version)
        .join(MessageVersion, MessageVersion.id == Broadcast.message_version_id)
        .where(MessageVersion.message_id == message_id, Broadcast.removed_at.is_(None))
        .order_by(Broadcast.id.desc())
        .limit(PAGE)
    )
    return found + [
        Use(name, broadcast_id=number, version=said, is_running=state in OPEN_BROADCASTS)
        for number, name, state, said in session.execute(sent)
    ]
