"""One scenario: looked at as a picture, made, its start and end changed."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators, scenario_words, step_words
from bot.console import (
    condition_form,
    scenario_choices,
    scenario_conditions,
    scenario_form,
    scenario_picture,
    scenarios_views,
)
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.condition_form import Draft
from bot.console.typed import Typed
from bot.i18n import current_language
from bot.services import current_services
from scheduler import library, scenario_edits
from scheduler.models import EnrolmentState, Scenario, StepKind
from scheduler.scenario_drafts import ScenarioDraft
from segments.errors import KokyakuError

blueprint = Blueprint("scenario", __name__, url_prefix="/console/scenarios")
_Store = Callable[[Session, ScenarioDraft], int]


@blueprint.get("/<int:scenario_id>")
@requires(*READERS)
def show(scenario_id: int) -> ResponseReturnValue:
    """Show a scenario's steps as a picture, with how many friends stand at each."""
    services, language = current_services(), current_language()
    with services.database.reading() as session:
        picture = scenario_picture.draw(session, scenario_id, services.clock.now(), language)
        whom = step_words.condition_told(session, picture.scenario.condition, language)
    return render_template(
        "console/scenario.html",
        picture=picture,
        whom=whom,
        name=scenarios_views.name_of(picture.scenario, language),
        words=scenario_words,
        steps=step_words,
        kinds=StepKind,
        inside=EnrolmentState,
        language=language,
    )


@blueprint.get("/new")
@requires(*SENDERS)
def new() -> ResponseReturnValue:
    """Show an empty scenario."""
    return form_page(Typed(scenario_form.filled(None)), None)


@blueprint.post("/new")
@requires(*SENDERS)
def create() -> ResponseReturnValue:
    """Store a new scenario; steps are added on its own page."""
    form = Typed(request.form.to_dict())
    services, by = current_services(), current_operator().actor
    now = services.clock.now()

    def store(session: Session, draft: ScenarioDraft) -> int:
        made = scenario_edits.create(session, draft, now)
        operators.note(session, by, "scenario_created", str(made.id), now)
        return made.id

    return _stored(form, None, store, _("シナリオを作りました。つぎにステップを追加してください。"))


@blueprint.get("/<int:scenario_id>/settings")
@requires(*SENDERS)
def edit(scenario_id: int) -> ResponseReturnValue:
    """Show what starts a scenario, for whom it is and how it ends."""
    scenario = _load(scenario_id)
    return form_page(Typed(scenario_form.filled(scenario)), scenario)


@blueprint.post("/<int:scenario_id>/settings")
@requires(*SENDERS)
def save(scenario_id: int) -> ResponseReturnValue:
    """Change it; friends inside stay where they are."""
    form, scenario = Typed(request.form.to_dict()), _load(scenario_id)
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    version = form.number("version", 999_999)

    def store(session: Session, draft: ScenarioDraft) -> int:
        scenario_edits.change(session, scenario_id, draft, version, now)
        operators.note(session, by, "scenario_changed", str(scenario_id), now)
        return scenario_id

    return _stored(form, scenario, store, _("シナリオの設定を保存しました。"))


def _load(scenario_id: int) -> Scenario:
    with current_services().database.reading() as session:
        return scenario_edits.load(session, scenario_id)


def _stored(form: Typed, scenario: Scenario | None, store: _Store, done: str) -> ResponseReturnValue:
    whom = scenario_conditions.sent(form)
    if whom.pressed:
        return form_page(form, scenario, whom=whom)
    draft = scenario_form.draft(form, scenario, scenario_conditions.condition_of(whom))
    if draft is None:
        return form_page(form, scenario, 422, whom)
    try:
        with current_services().database.begin() as session:
            number = store(session, draft)
    except KokyakuError as error:
        scenario_form.show(form, error)
        return form_page(form, scenario, 422, whom)
    flash(done, "success")
    return redirect(url_for("scenario.show", scenario_id=number))


def form_page(
    form: Typed, scenario: Scenario | None, status: int = 200, whom: Draft | None = None
) -> ResponseReturnValue:
    """Return the form of a scenario, of a new one when there is none; `whom` is its condition as it was sent."""
    services = current_services()
    conditions = whom or scenario_conditions.stored(scenario.condition if scenario else None)
    with services.database.reading() as session:
        standing = scenario_edits.standing(session, scenario.id) if scenario else {}
        choices = {
            "start": scenario_choices.starts(scenario.trigger if scenario else None),
            "goal": scenario_choices.goals(scenario.goal if scenario else None),
            "segment": scenario_choices.segments(session),
            "tag": scenario_choices.tags(session),
        }
        page = render_template(
            "console/scenario_form.html",
            form=form,
            scenario=scenario,
            choices=choices,
            standing=sum(standing.values()),
            builder=condition_form.shown(session, conditions),
            counted=scenario_conditions.counted(session, conditions, services.clock.now()),
            ready=[] if scenario else library.missing_scenarios(session),
            language=current_language(),
        )
    return page, status
