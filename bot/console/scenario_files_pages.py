"""Scenarios as files, and copies of scenarios: what one shop found to work, another starts from."""

import json

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators, scenario_file_words, tried_words
from bot.console import scenario_form, scenario_pages, trying
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.page import current_shop
from bot.console.typed import Typed
from bot.i18n import current_language
from bot.services import current_services
from bot.words import explain
from scheduler import library, scenario_files, scenario_wordings
from segments.errors import Invalid, KokyakuError

blueprint = Blueprint("scenario_files", __name__, url_prefix="/console/scenarios")
LONGEST_FILE = 500_000


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
        confirmed = scenario_wordings.ask_line_of(services.gateway, text, current_shop(), now)
        with services.database.begin() as session:
            made = scenario_files.create(session, text, by, now)
            operators.note(session, by, "scenario_imported", str(made.id), now)
            number = made.id
    except (KokyakuError, UnicodeDecodeError) as error:
        form = Typed(scenario_form.filled(None))
        refused = error if isinstance(error, Invalid) else Invalid("not_a_text_file")
        for line in scenario_file_words.all_words(refused, current_language()) or [explain(refused)]:
            form.add("file", line)
        return scenario_pages.form_page(form, None, 422)
    flash(_("ファイルからシナリオを作りました。内容を確かめてから、始めてください。"), "success")
    if not confirmed:
        trying.warn_unconfirmed()
    with services.database.reading() as session:
        tried = scenario_wordings.try_all(session, text, now)
    for words in tried_words.told_of_steps(tried, current_language()):
        flash(words, "warning")
    return redirect(url_for("scenario.show", scenario_id=number))


@blueprint.post("/<int:scenario_id>/copy")
@requires(*SENDERS)
def copy(scenario_id: int) -> ResponseReturnValue:
    """Make a second scenario like this one, standing still until somebody starts it."""
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    try:
        with services.database.begin() as session:
            made = scenario_files.copy(session, scenario_id, _("%(name)sのコピー"), by, now)
            operators.note(session, by, "scenario_copied", str(made.id), now, of=scenario_id)
            number = made.id
    except Invalid:
        # What it names is gone meanwhile: a tag, a segment, a fact of its message.
        flash(
            _("このままではコピーできません。条件や文面が、削除されたものを使っていないか、ご確認ください。"),
            "danger",
        )
        return redirect(url_for("scenario.show", scenario_id=scenario_id))
    flash(_("シナリオをコピーしました。内容を変えてから、始めてください。"), "success")
    return redirect(url_for("scenario.show", scenario_id=number))


@blueprint.post("/ready/<key>")
@requires(*SENDERS)
def put_back(key: str) -> ResponseReturnValue:
    """Put a ready scenario that was deleted back in, standing still."""
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    with services.database.begin() as session:
        number = library.put_back(session, key, now)
        operators.note(session, by, "scenario_put_back", str(number), now, key=key)
    flash(_("用意されたシナリオを戻しました。内容を確かめてから、始めてください。"), "success")
    return redirect(url_for("scenario.show", scenario_id=number))
