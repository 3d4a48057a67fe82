"""Trying a scenario on one friend: what they would get, when, and how it would look; nothing is sent or kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import step_words, trial_words
from bot.console import previews, scenarios_views
from bot.console.access import READERS, requires
from bot.console.previews import Reader, Shown
from bot.i18n import current_language
from bot.services import current_services
from scheduler import scenario_edits, scenario_trial, step_changes
from scheduler.models import Scenario, Step
from scheduler.scenario_trial import Moment, Trial

blueprint = Blueprint("scenario_try", __name__, url_prefix="/console/scenarios")


@dataclass(frozen=True)
class _Told:
    """What trying told: each thing that would happen, with what would be seen on the friend's phone."""

    trial: Trial
    moments: Sequence[tuple[Moment, Sequence[Shown]]]


@blueprint.get("/<int:scenario_id>/try")
@requires(*READERS)
def show(scenario_id: int) -> ResponseReturnValue:
    """Show what one friend would get and when."""
    services, told = current_services(), None
    with services.database.begin() as session:
        scenario = scenario_edits.load(session, scenario_id)
        reader = previews.reader(session, request.args.get("friend", ""), request.args.get("q", ""))
        if reader.friend is not None:
            told = _try(session, scenario, reader)
        name = scenarios_views.name_of(scenario, current_language())
        session.rollback()
    return render_template(
        "console/scenario_try.html",
        scenario_id=scenario_id,
        name=name,
        reader=reader,
        is_unknown=bool(request.args.get("friend")) and reader.friend is None,
        told=told,
        words=trial_words,
        steps=step_words,
        language=current_language(),
    )


def _try(session: Session, scenario: Scenario, reader: Reader) -> _Told:
    assert reader.friend is not None
    now = current_services().clock.now()
    trial = scenario_trial.run(session, scenario.id, reader.friend.id, now)
    sent = {moment.step_id for moment in trial.moments if moment.outcome == "sent"}
    messages = _messages(session, sent)
    looks = {
        message_id: _look(session, message_id, reader.friend.id)
        for message_id in sorted(set(messages.values()))
    }
    seen: list[tuple[Moment, Sequence[Shown]]] = []
    for moment in trial.moments:
        message_id = messages.get(moment.step_id) if moment.outcome == "sent" else None
        seen.append((moment, looks[message_id] if message_id else ()))
    return _Told(trial, seen)


def _messages(session: Session, step_ids: Collection[int]) -> dict[int, int]:
    """Return the messages of the steps that send one, each rendered once however many steps send it."""
    said = select(Step.id, Step.message_id).where(Step.id.in_(step_ids), Step.message_id.is_not(None))
    return {step_id: message_id for step_id, message_id in session.execute(said) if message_id is not None}


def _look(session: Session, message_id: int, friend_id: int) -> Sequence[Shown]:
    """Return the message as the friend would see it: in their language alone."""
    content = step_changes.newest(session, message_id).content
    return previews.shown(session, content, friend_id, current_services().clock.now())[:1]
