"""One scenario step: when it goes out and what it says, edited."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import scenario_words
from bot.console import ride_hours, scenarios_views, step_form, step_saving, trying
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.page import current_shop, zone_label
from bot.console.step_form import StepForm
from bot.console.step_saving import Change
from bot.i18n import current_language
from bot.services import current_services
from bot.words import explain
from scheduler import scenario_figures, step_changes
from scheduler.message_asking import ask_line
from scheduler.models import Message, MessageVersion, Step
from segments.errors import Invalid, KokyakuError

blueprint = Blueprint("steps", __name__, url_prefix="/console/scenarios/steps")

FIELD_OF = {
    "delay_invalid": "delay_days",
    "valid_for_invalid": "valid_days",
    "rides_for_invalid": ride_hours.FIELD,
}


@dataclass(frozen=True)
class Stored:
    """A step as it stands in the database."""

    step: Step
    scenario_name: str
    version: MessageVersion | None
    message: Message | None
    waiting: int
    uses: int


def _load(step_id: int) -> Stored:
    with current_services().database.reading() as session:
        step = step_changes.step_of(session, step_id)
        version = step_changes.newest(session, step.message_id) if step.message_id else None
        return Stored(
            step=step,
            scenario_name=scenarios_views.name_of(step.scenario, current_language()),
            version=version,
            message=session.get_one(Message, version.message_id) if version else None,
            waiting=scenario_figures.waiting_at(session, [step_id]).get(step_id, 0),
            uses=scenarios_views.uses_of(session, step.message_id) if step.message_id else 0,
        )


@blueprint.get("/<int:step_id>")
@requires(*READERS)
def edit(step_id: int) -> ResponseReturnValue:
    """Show a step's timing and texts."""
    stored = _load(step_id)
    fields = step_form.text_fields(stored.version.content) if stored.version else []
    return _page(stored, StepForm(fields, step_form.filled(stored.step, fields)))


@blueprint.post("/<int:step_id>")
@requires(*SENDERS)
def save(step_id: int) -> ResponseReturnValue:
    """Store the step; a changed text becomes a new version of its message."""
    services = current_services()
    now, stored = services.clock.now(), _load(step_id)
    fields = step_form.text_fields(stored.version.content) if stored.version else []
    form = StepForm(fields, request.form.to_dict())
    change = _change(form, stored)
    if form.errors:
        return _page(stored, form, 422)
    try:
        confirmed = _asked_line(change)
        with services.database.begin() as session:
            step_saving.save(session, change, current_operator().actor, now)
    except KokyakuError as error:
        form.add(FIELD_OF.get(error.code, ""), explain(error))
        return _page(stored, form, 422)
    flash(*step_saving.outcome_words(confirmed=confirmed))
    if _is_new(change) and change.content is not None:
        trying.warn(change.content)
    return redirect(url_for("steps.edit", step_id=step_id))


def _change(form: StepForm, stored: Stored) -> Change:
    timing = form.timing(step_changes.timing_of(stored.step))
    content = form.content(stored.version.content) if stored.version else None
    if stored.version and form.values.get("version") != str(stored.version.version):
        form.add("", explain(Invalid("message_changed")))
    return Change(stored.step.id, timing, stored.version, content)


def _asked_line(change: Change) -> bool:
    """Return whether LINE finds the message good; what is not new it knows already."""
    if change.content is None or not _is_new(change):
        return True
    services = current_services()
    return ask_line(services.gateway, change.content, current_shop(), services.clock.now())


def _is_new(change: Change) -> bool:
    return (
        change.content is not None and change.version is not None and change.content != change.version.content
    )


def _page(stored: Stored, form: StepForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "console/step.html",
        stored=stored,
        form=form,
        words=scenario_words,
        zone=zone_label(),
        longest_ride=ride_hours.MOST,
        languages_of_text={"ja": _("日本語の文面"), "en": _("英語の文面")},
    )
    return page, status
