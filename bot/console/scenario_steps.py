"""The steps of a scenario: put in and set, each with what it means for friends inside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import formats, operators, step_words
from bot.console import (
    condition_form,
    ride_hours,
    scenario_choices,
    scenario_conditions,
    scenarios_views,
    step_message_form,
    step_settings_form,
    trying,
)
from bot.console.access import SENDERS, current_operator, requires
from bot.console.condition_form import Draft
from bot.console.page import zone_label
from bot.console.typed import Typed
from bot.i18n import current_language
from bot.services import current_services
from scheduler import (
    scenario_edits,
    scenario_figures,
    scenario_steps,
    step_changes,
)
from scheduler.models import Scenario, Step, StepKind
from scheduler.scenario_steps import Spot
from scheduler.step_settings import DateKind
from segments.errors import KokyakuError, NotFound

_Condition = dict[str, Any] | None
_Store = Callable[[Session, Typed, _Condition], None]

blueprint = Blueprint("scenario_steps", __name__, url_prefix="/console/scenarios")


@dataclass(frozen=True)
class _Here:
    """The step that is set, or the spot of a new one."""

    scenario: Scenario
    kind: StepKind
    step: Step | None
    spot: Spot
    waiting: int = 0
    unsent: Mapping[str, int] = field(default_factory=dict[str, int])
    """Messages that are cancelled with an arm, by its name."""


@blueprint.get("/<int:scenario_id>/steps/new")
@requires(*SENDERS)
def new(scenario_id: int) -> ResponseReturnValue:
    """Show an empty step of the kind asked for."""
    here = _new(scenario_id)
    return _page(here, step_settings_form.filled(None, here.kind))


@blueprint.post("/<int:scenario_id>/steps/new")
@requires(*SENDERS)
def create(scenario_id: int) -> ResponseReturnValue:
    """Put the step in."""
    here = _new(scenario_id)
    by, now = current_operator().actor, current_services().clock.now()

    def store(session: Session, form: Typed, condition: _Condition) -> None:
        message_id = step_message_form.message_of(session, form, here.kind)
        draft = step_settings_form.draft(form, here.kind, None, message_id, condition)
        if draft is None:
            return
        made = scenario_steps.add_step(session, scenario_id, draft, here.spot)
        operators.note(session, by, "step_added", str(made.id), now, scenario=scenario_id)

    done = _("ステップを追加しました。すでに先へ進んでいる友だちには届きません。")
    return _stored(here, store, done, asks_line=True)


@blueprint.get("/steps/<int:step_id>/settings")
@requires(*SENDERS)
def edit(step_id: int) -> ResponseReturnValue:
    """Show when a step comes and what it does."""
    here = _there(step_id)
    return _page(here, step_settings_form.filled(here.step, here.kind))


@blueprint.post("/steps/<int:step_id>/settings")
@requires(*SENDERS)
def save(step_id: int) -> ResponseReturnValue:
    """Change the step; who waits for it keeps the date."""
    here = _there(step_id)
    by, now = current_operator().actor, current_services().clock.now()

    def store(session: Session, form: Typed, condition: _Condition) -> None:
        step = step_changes.step_of(session, step_id)
        draft = step_settings_form.draft(form, here.kind, step, step.message_id, condition)
        if draft is None:
            return
        scenario_steps.change_step(session, step_id, draft, now)
        operators.note(session, by, "step_changed", str(step_id), now)

    return _stored(here, store, _("ステップを保存しました。"))


def _new(scenario_id: int) -> _Here:
    asked = Typed(request.args.to_dict())
    kind = asked.text("kind")
    if kind not in set(StepKind):
        raise NotFound("not_found")
    after, parent = asked.number("after", 999_999_999), asked.number("parent", 999_999_999)
    with current_services().database.reading() as session:
        scenario = scenario_edits.load(session, scenario_id)
    return _Here(scenario, StepKind(kind), None, Spot(after or None, parent or None, asked.text("arm")))


def _there(step_id: int) -> _Here:
    with current_services().database.reading() as session:
        step = step_changes.step_of(session, step_id)
        waiting = scenario_figures.waiting_at(session, [step_id]).get(step_id, 0)
        unsent = scenario_steps.unsent_by_arm(session, step) if step.kind is StepKind.SPLIT else {}
        return _Here(step.scenario, step.kind, step, Spot(), waiting, unsent)


def _stored(here: _Here, store: _Store, done: str, *, asks_line: bool = False) -> ResponseReturnValue:
    form = Typed(request.form.to_dict(), {"weekdays": request.form.getlist("weekdays")})
    whom = scenario_conditions.sent(form)
    if whom.pressed:
        return _page(here, form, whom=whom)
    asks = here.kind in step_settings_form.ASKING | step_settings_form.DOING
    kept = here.step.condition if here.step else None
    confirmed = step_message_form.asked_line(form, here.kind) if asks_line else True
    try:
        with current_services().database.begin() as session:
            store(session, form, scenario_conditions.condition_of(whom) if asks else kept)
            if form.errors:
                session.rollback()
    except KokyakuError as error:
        step_settings_form.show(form, error)
    if form.errors:
        return _page(here, form, 422, whom)
    flash(done, "success")
    if not confirmed:
        trying.warn_unconfirmed()
    if asks_line:
        step_message_form.warn_of(form, here.kind)
    return redirect(url_for("scenario.show", scenario_id=here.scenario.id))


def _page(here: _Here, form: Typed, status: int = 200, whom: Draft | None = None) -> ResponseReturnValue:
    services, language = current_services(), current_language()
    conditions = whom or scenario_conditions.stored(here.step.condition if here.step else None)
    with services.database.reading() as session:
        page = render_template(
            "console/scenario_step.html",
            place=here,
            form=form,
            choices=_choices(session, language),
            builder=condition_form.shown(session, conditions),
            counted=scenario_conditions.counted(session, conditions, services.clock.now()),
            kinds=StepKind,
            name=scenarios_views.name_of(here.scenario, language),
            title=step_words.kind_words(here.kind, language),
            asking=step_settings_form.ASKING,
            doing=step_settings_form.DOING,
            arm_rows=range(1, step_settings_form.ARM_ROWS + 1),
            weekdays=_weekdays(language),
            zone=zone_label(),
            longest_ride=ride_hours.MOST,
        )
    return page, status


def _choices(session: Session, language: str) -> dict[str, scenario_choices.Choices]:
    return {
        "message": scenario_choices.messages(session),
        "coupon": scenario_choices.coupons(session),
        "before": [("", _("数えません")), *_dates(language)],
    }


def _dates(language: str) -> list[tuple[str, str]]:
    return [(each.value, step_words.one_of(step_words.DATES[each], language)) for each in DateKind]


def _weekdays(language: str) -> list[tuple[str, str]]:
    names = formats.WEEKDAYS_EN if language == "en" else tuple(formats.WEEKDAYS_JA)
    return [(str(number), name) for number, name in enumerate(names)]
