"""Scenarios: what runs, for how many, with which outcome; paused and resumed whole or step by step."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators, scenario_words
from bot.console import scenarios_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.i18n import current_language
from bot.services import current_services
from scheduler import scenarios, step_changes
from scheduler.models import EnrolmentState

blueprint = Blueprint("scenarios", __name__, url_prefix="/console/scenarios")


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Show every scenario with its steps and figures."""
    with current_services().database.reading() as session:
        rows = scenarios_views.everything(session, current_language())
        alarms = scenarios_views.alarms(session, current_language())
    return render_template(
        "console/scenarios.html",
        rows=rows,
        alarms=alarms,
        language=current_language(),
        words=scenario_words,
        inside=EnrolmentState,
    )


@blueprint.post("/<int:scenario_id>/pause")
@requires(*SENDERS)
def pause(scenario_id: int) -> ResponseReturnValue:
    """Switch a scenario off for now."""
    _switch("scenario_paused", scenario_id, scenarios.pause, _("シナリオを一時停止しました。"))
    return redirect(url_for("scenario.show", scenario_id=scenario_id))


@blueprint.post("/<int:scenario_id>/resume")
@requires(*SENDERS)
def resume(scenario_id: int) -> ResponseReturnValue:
    """Switch a scenario on again."""
    _switch("scenario_resumed", scenario_id, scenarios.resume, _("シナリオを再開しました。"))
    return redirect(url_for("scenario.show", scenario_id=scenario_id))


@blueprint.post("/steps/<int:step_id>/pause")
@requires(*SENDERS)
def pause_step(step_id: int) -> ResponseReturnValue:
    """Switch one step off for now."""
    _switch("step_paused", step_id, step_changes.pause, _("ステップを一時停止しました。"))
    return _to_step(step_id)


@blueprint.post("/steps/<int:step_id>/resume")
@requires(*SENDERS)
def resume_step(step_id: int) -> ResponseReturnValue:
    """Switch one step on again."""
    now = current_services().clock.now()
    done = _("ステップを再開しました。")
    _switch("step_resumed", step_id, lambda session, id_: step_changes.resume(session, id_, now), done)
    return _to_step(step_id)


def _switch(action: str, number: int, act: Callable[[Session, int], object], done: str) -> None:
    services = current_services()
    with services.database.begin() as session:
        act(session, number)
        operators.note(session, current_operator().actor, action, str(number), services.clock.now())
    flash(done, "success")


def _to_step(step_id: int) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        scenario_id = step_changes.step_of(session, step_id).scenario_id
    return redirect(url_for("scenario.show", scenario_id=scenario_id, _anchor=f"step-{step_id}"))
