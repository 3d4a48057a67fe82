"""The steps of a scenario: put in, set, moved and taken out, each with what it means for friends inside."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import formats, operators, step_words
from bot.console import inserts, scenario_choices, scenarios_views, step_settings_form
from bot.console.access import SENDERS, current_operator, requires
from bot.console.page import zone_label
from bot.console.typed import Typed
from bot.i18n import current_language
from bot.services import current_services
from bot.words import problem_words
from scheduler import message_checks, scenario_edits, scenario_messages, step_changes
from scheduler.models import Purpose, Scenario, Step, StepKind
from scheduler.scenario_edits import Spot
from scheduler.step_settings import DateKind
from segments.errors import Invalid, KokyakuError, NotFound

blueprint = Blueprint("scenario_steps", __name__, url_prefix="/console/scenarios")


@dataclass(frozen=True)
class _Here:
    """The step that is set, or the spot of a new one."""

    scenario: Scenario
    kind: StepKind
    step: Step | None
    spot: Spot
    waiting: int = 0


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

    def store(session: Session, form: Typed) -> None:
        message_id = _message(session, form, here.kind)
        draft = step_settings_form.draft(form, here.kind, None, message_id)
        if draft is None:
            return
        made = scenario_edits.add_step(session, scenario_id, draft, here.spot)
        operators.note(session, by, "step_added", str(made.id), now, scenario=scenario_id)

    return _stored(here, store, _("ステップを追加しました。すでに先へ進んでいる友だちには届きません。"))


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

    def store(session: Session, form: Typed) -> None:
        step = step_changes.step_of(session, step_id)
        draft = step_settings_form.draft(form, here.kind, step, step.message_id)
        if draft is None:
            return
        scenario_edits.change_step(session, step_id, draft, now)
        operators.note(session, by, "step_changed", str(step_id), now)

    return _stored(here, store, _("ステップを保存しました。"))


@blueprint.get("/steps/<int:step_id>/pause")
@requires(*SENDERS)
def ask_pause(step_id: int) -> ResponseReturnValue:
    """Say what pausing a step means before it is done."""
    here = _there(step_id)
    effects = [
        _("いま%(count)s人がこのステップを待っています。", count=f"{here.waiting:,}"),
        _("止めている間、ここまで来た友だちはこのステップで待ちます。ほかのステップは動き続けます。"),
    ]
    url = url_for("scenarios.pause_step", step_id=step_id)
    return _ask(here, _("「%(name)s」を止めますか"), effects, url, _("このステップを止める"))


@blueprint.get("/steps/<int:step_id>/move/<direction>")
@requires(*SENDERS)
def ask_move(step_id: int, direction: str) -> ResponseReturnValue:
    """Say what moving a step means before it is done."""
    here = _there(step_id)
    effects = [
        _(
            "いま%(count)s人がこのステップを待っています。予定の日時は変わらず、新しい順番でこの次へ進みます。",
            count=f"{here.waiting:,}",
        ),
        _(
            "入れ替わるステップをこれから迎えるはずだった友だちの中には、それを通らない人が出ます。同じメッセージが2回届くことはありません。"
        ),
    ]
    url = url_for("scenario_steps.move", step_id=step_id, direction=direction)
    title = _("「%(name)s」を前へ移しますか") if direction == "up" else _("「%(name)s」を後ろへ移しますか")
    return _ask(here, title, effects, url, _("順番を変える"))


@blueprint.post("/steps/<int:step_id>/move/<direction>")
@requires(*SENDERS)
def move(step_id: int, direction: str) -> ResponseReturnValue:
    """Change places with the step before or after it."""
    here, now = _there(step_id), current_services().clock.now()
    with current_services().database.begin() as session:
        moved = scenario_edits.move_step(session, step_id, up=direction == "up")
        operators.note(session, current_operator().actor, "step_moved", str(step_id), now, to=direction)
    flash(
        _("順番を変えました。") if moved else _("これより先には移せません。"),
        "success" if moved else "warning",
    )
    return _back(here)


@blueprint.get("/steps/<int:step_id>/remove")
@requires(*SENDERS)
def ask_remove(step_id: int) -> ResponseReturnValue:
    """Say what taking a step out means before it is done."""
    here = _there(step_id)
    with current_services().database.reading() as session:
        removal = scenario_edits.removal(session, step_id)
    count = f"{removal.standing:,}"
    if removal.following is None:
        effect = _("いま%(count)s人がここで待っています。予定の日時にシナリオを終えます。", count=count)
    else:
        following = removal.following.name or step_words.kind_words(
            removal.following.kind, current_language()
        )
        effect = _(
            "いま%(count)s人がここで待っています。予定の日時に「%(following)s」へ進みます。",
            count=count,
            following=following,
        )
    inside = (
        _("中の%(count)s個のステップもいっしょに外します。", count=removal.inside) if removal.inside else ""
    )
    kept = _("これまでに送った分の記録は残ります。")
    url = url_for("scenario_steps.remove", step_id=step_id)
    return _ask(here, _("「%(name)s」を外しますか"), [effect, inside, kept], url, _("ステップを外す"))


@blueprint.post("/steps/<int:step_id>/remove")
@requires(*SENDERS)
def remove(step_id: int) -> ResponseReturnValue:
    """Take a step out."""
    here, now = _there(step_id), current_services().clock.now()
    with current_services().database.begin() as session:
        scenario_edits.remove_step(session, step_id, now)
        operators.note(session, current_operator().actor, "step_removed", str(step_id), now)
    flash(_("ステップを外しました。"), "success")
    return _back(here)


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
        waiting = scenarios_views.waiting_at(session, step_id)
        return _Here(step.scenario, step.kind, step, Spot(), waiting)


def _message(session: Session, form: Typed, kind: StepKind) -> int | None:
    """Return the message that a new step says: a ready one, or a new one of what was typed."""
    if kind is not StepKind.MESSAGE:
        return None
    if (chosen := form.text("message")).isdecimal() and len(chosen) < 19:
        return int(chosen)
    content = inserts.content(form.text("text_ja"), form.text("text_en"))
    if "ja" not in content:
        raise Invalid("message_missing")
    for problem in message_checks.check(content):
        form.add(f"text_{problem.path[:2]}", problem_words(problem.code, problem.params))
    if form.errors:
        return None
    purpose = Purpose(form.text("purpose")) if form.text("purpose") in set(Purpose) else Purpose.CARE
    by, now = current_operator().actor, current_services().clock.now()
    return scenario_messages.write(session, form.text("name"), purpose, content, by, now)


def _stored(here: _Here, store: Callable[[Session, Typed], None], done: str) -> ResponseReturnValue:
    form = Typed(request.form.to_dict(), {"weekdays": request.form.getlist("weekdays")})
    try:
        with current_services().database.begin() as session:
            store(session, form)
            if form.errors:
                session.rollback()
    except KokyakuError as error:
        step_settings_form.show(form, error)
    if form.errors:
        return _page(here, form, 422)
    flash(done, "success")
    return _back(here)


def _back(here: _Here) -> ResponseReturnValue:
    return redirect(url_for("scenario.show", scenario_id=here.scenario.id))


def _ask(here: _Here, title: str, effects: list[str], url: str, label: str) -> ResponseReturnValue:
    assert here.step is not None
    name = here.step.name or step_words.kind_words(here.kind, current_language())
    return render_template(
        "console/scenario_ask.html",
        title=title % {"name": name} if "%(name)s" in title else title,
        effects=[each for each in effects if each],
        url=url,
        label=label,
        back=url_for("scenario.show", scenario_id=here.scenario.id),
    )


def _page(here: _Here, form: Typed, status: int = 200) -> ResponseReturnValue:
    language = current_language()
    with current_services().database.reading() as session:
        choices = {
            "whom": scenario_choices.conditions(session, here.step.condition if here.step else None),
            "message": scenario_choices.messages(session),
            "coupon": scenario_choices.coupons(session),
            "before": [("", _("数えません")), *_dates(language)],
        }
    page = render_template(
        "console/scenario_step.html",
        place=here,
        form=form,
        choices=choices,
        kinds=StepKind,
        name=scenarios_views.name_of(here.scenario, language),
        title=step_words.kind_words(here.kind, language),
        asking=step_settings_form.ASKING,
        doing=step_settings_form.DOING,
        arm_rows=range(1, step_settings_form.ARM_ROWS + 1),
        weekdays=_weekdays(language),
        zone=zone_label(),
    )
    return page, status


def _dates(language: str) -> list[tuple[str, str]]:
    return [(each.value, step_words.one_of(step_words.DATES[each], language)) for each in DateKind]


def _weekdays(language: str) -> list[tuple[str, str]]:
    names = formats.WEEKDAYS_EN if language == "en" else tuple(formats.WEEKDAYS_JA)
    return [(str(number), name) for number, name in enumerate(names)]
