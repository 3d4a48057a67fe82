"""One scenario: made, looked at step by step, changed, tried, written to a file, deleted."""

import json
from collections.abc import Callable

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators, scenario_file_words, scenario_words, step_words, trial_words
from bot.console import scenario_choices, scenario_form, scenarios_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.typed import Typed
from bot.i18n import current_language
from bot.services import current_services
from bot.words import explain
from scheduler import scenario_edits, scenario_files, scenario_trial
from scheduler.models import EnrolmentState, Scenario, StepKind
from scheduler.scenario_drafts import ScenarioDraft
from segments.errors import Invalid, KokyakuError

blueprint = Blueprint("scenario", __name__, url_prefix="/console/scenarios")
LONGEST_FILE = 500_000
_Store = Callable[[Session, ScenarioDraft], int]


@blueprint.get("/<int:scenario_id>")
@requires(*READERS)
def show(scenario_id: int) -> ResponseReturnValue:
    """Show a scenario's steps with how many friends stand at each."""
    services = current_services()
    with services.database.reading() as session:
        page = scenarios_views.one(session, scenario_id, services.clock.now(), current_language())
    return render_template(
        "console/scenario.html",
        page=page,
        words=scenario_words,
        steps=step_words,
        kinds=StepKind,
        inside=EnrolmentState,
        language=current_language(),
    )


@blueprint.get("/new")
@requires(*SENDERS)
def new() -> ResponseReturnValue:
    """Show an empty scenario."""
    return _form_page(Typed(scenario_form.filled(None)), None)


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
    return _form_page(Typed(scenario_form.filled(scenario)), scenario)


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


@blueprint.get("/<int:scenario_id>/export")
@requires(*READERS)
def export(scenario_id: int) -> ResponseReturnValue:
    """Hand out the scenario as a file that `import` reads back."""
    with current_services().database.reading() as session:
        told = scenario_files.export(session, scenario_id)
    text = json.dumps(told, ensure_ascii=False, indent=2) + "\n"
    headers = {"Content-Disposition": f'attachment; filename="scenario-{scenario_id}.json"'}
    return Response(text, mimetype="application/json", headers=headers)


@blueprint.post("/import")
@requires(*SENDERS)
def import_file() -> ResponseReturnValue:
    """Make a scenario of an uploaded file; what is wrong with it is told line by line."""
    services, by = current_services(), current_operator().actor
    now, upload = services.clock.now(), request.files.get("file")
    try:
        text = (upload.read(LONGEST_FILE) if upload else b"").decode("utf-8-sig")
        with services.database.begin() as session:
            made = scenario_files.create(session, text, by, now)
            operators.note(session, by, "scenario_imported", str(made.id), now)
            number = made.id
    except (KokyakuError, UnicodeDecodeError) as error:
        form = Typed(scenario_form.filled(None))
        refused = error if isinstance(error, Invalid) else Invalid("not_a_text_file")
        for line in scenario_file_words.all_words(refused, current_language()) or [explain(refused)]:
            form.add("file", line)
        return _form_page(form, None, 422)
    flash(_("ファイルからシナリオを作りました。内容を確かめてから、始めてください。"), "success")
    return redirect(url_for("scenario.show", scenario_id=number))


@blueprint.get("/<int:scenario_id>/try")
@requires(*READERS)
def try_friend(scenario_id: int) -> ResponseReturnValue:
    """Show what one friend would get and when; nothing is sent or kept."""
    services, form = current_services(), Typed(request.args.to_dict())
    scenario, trial = _load(scenario_id), None
    friend_id = form.number("friend", 999_999)
    if friend_id and not form.errors:
        try:
            with services.database.begin() as session:
                trial = scenario_trial.run(session, scenario_id, friend_id, services.clock.now())
                session.rollback()
        except KokyakuError as error:
            form.add("friend", explain(error))
    return render_template(
        "console/scenario_try.html",
        scenario=scenario,
        name=scenarios_views.name_of(scenario, current_language()),
        trial=trial,
        form=form,
        words=trial_words,
        steps=step_words,
        language=current_language(),
    )


@blueprint.get("/<int:scenario_id>/pause")
@requires(*SENDERS)
def ask_pause(scenario_id: int) -> ResponseReturnValue:
    """Say what pausing means before it is done."""
    return _ask(
        scenario_id,
        _("「%(name)s」を一時停止しますか"),
        [
            _("途中の%(count)s人は、いまのステップで待ちます。再開すると、そこから続きます。"),
            _("止まっている間は、きっかけがあっても新しく始まりません。あとから始まることもありません。"),
        ],
        url_for("scenarios.pause", scenario_id=scenario_id),
        _("シナリオを一時停止する"),
    )


@blueprint.get("/<int:scenario_id>/delete")
@requires(*SENDERS)
def ask_delete(scenario_id: int) -> ResponseReturnValue:
    """Say what deleting means before it is done."""
    return _ask(
        scenario_id,
        _("「%(name)s」を削除しますか"),
        [
            _("途中の%(count)s人は、ここで終わります。送信待ちのメッセージは取り消されます。"),
            _("これまでに送ったメッセージは、友だちの履歴に残ります。削除したシナリオは元に戻せません。"),
        ],
        url_for("scenario.delete", scenario_id=scenario_id),
        _("シナリオを削除する"),
    )


@blueprint.post("/<int:scenario_id>/delete")
@requires(*SENDERS)
def delete(scenario_id: int) -> ResponseReturnValue:
    """Delete a scenario."""
    services, now = current_services(), current_services().clock.now()
    with services.database.begin() as session:
        left = scenario_edits.delete(session, scenario_id, now)
        operators.note(session, current_operator().actor, "scenario_deleted", str(scenario_id), now)
    flash(_("シナリオを削除しました。途中だった友だちは%(count)s人です。", count=left), "success")
    return redirect(url_for("scenarios.index"))


def _load(scenario_id: int) -> Scenario:
    with current_services().database.reading() as session:
        return scenario_edits.load(session, scenario_id)


def _ask(scenario_id: int, title: str, effects: list[str], url: str, label: str) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        scenario = scenario_edits.load(session, scenario_id)
        count = sum(scenario_edits.standing(session, scenario_id).values())
    name = scenarios_views.name_of(scenario, current_language())
    return render_template(
        "console/scenario_ask.html",
        title=title % {"name": name} if "%(name)s" in title else title,
        effects=[each % {"count": f"{count:,}"} if "%(count)s" in each else each for each in effects],
        url=url,
        label=label,
        back=url_for("scenario.show", scenario_id=scenario_id),
    )


def _stored(form: Typed, scenario: Scenario | None, store: _Store, done: str) -> ResponseReturnValue:
    draft = scenario_form.draft(form, scenario)
    if draft is None:
        return _form_page(form, scenario, 422)
    try:
        with current_services().database.begin() as session:
            number = store(session, draft)
    except KokyakuError as error:
        scenario_form.show(form, error)
        return _form_page(form, scenario, 422)
    flash(done, "success")
    return redirect(url_for("scenario.show", scenario_id=number))


def _form_page(form: Typed, scenario: Scenario | None, status: int = 200) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        standing = scenario_edits.standing(session, scenario.id) if scenario else {}
        choices = {
            "start": scenario_choices.starts(scenario.trigger if scenario else None),
            "goal": scenario_choices.goals(scenario.goal if scenario else None),
            "whom": scenario_choices.conditions(session, scenario.condition if scenario else None),
            "segment": scenario_choices.segments(session),
            "tag": scenario_choices.tags(session),
        }
    page = render_template(
        "console/scenario_form.html",
        form=form,
        scenario=scenario,
        choices=choices,
        standing=sum(standing.values()),
    )
    return page, status
