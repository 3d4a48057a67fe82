"""Trying a scenario on one friend: what they would get, when, and how it would look; nothing is sent or kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from bot import step_words, trial_words
from bot.console import previews, scenarios_views
from bot.console.access import READERS, requires
from bot.console.page import current_shop
from bot.console.previews import Reader, Shown
from bot.i18n import current_language
from bot.services import current_services
from scheduler import scenario_edits, scenario_trial, step_changes
from scheduler.models import Scenario
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
        name = scenarios_views.name_of(scenario, current_language())
        reader = previews.reader(session, request.args.get("friend", ""), request.args.get("q", ""))
        if reader.friend is not None:
            told = _try(session, scenario, reader)
        session.rollback()
    return render_template(
        "console/scenario_try.html",
        scenario_id=scenario_id,
        name=name,
        reader=reader,
        is_unknown=bool(request.args.get("friend")) and reader.friend is None,
        told=told,
        words=trial_words,
        zone=current_shop().zone,
        steps=step_words,
        language=current_language(),
    )


def _try(session: Session, scenario: Scenario, reader: Reader) -> _Told:
    assert reader.friend is not None
    now, friend_id = current_services().clock.now(), reader.friend.id
    messages = {step.id: step.message_id for step in scenario.steps if step.message_id is not None}
    trial = scenario_trial.run(session, scenario.id, friend_id, now)
    said = {id_: messages[id_] for id_ in (each.step_id for each in trial.moments if each.outcome == "sent")}
    newest = step_changes.newest_of(session, set(said.values())) if said else []
    looks = previews.shown_each(session, {each.message_id: each.content for each in newest}, friend_id, now)
    seen = [(each, [looks[said[each.step_id]]] if each.outcome == "sent" else []) for each in trial.moments]
    return _Told(trial, seen)
