"""Imports: a file is handed in, its columns are confirmed, it is tried, and then it is imported, as a job."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console import imports_views, imports_words, sheets
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.import_choices import choices_of, look
from bot.console.page import current_zone
from bot.i18n import current_language
from bot.services import current_services
from bot.words import explain
from scheduler.jobs import Job
from segments.errors import Invalid, KokyakuError, NotFound
from segments.imports import refused_lines, uploads
from segments.models import UploadState

blueprint = Blueprint("imports", __name__, url_prefix="/console/imports")

LARGEST = 128 * 1024 * 1024
"""Bytes of a file: a million purchases are about 60 MB. It is spooled to disk, never held in memory."""
LIVE = (UploadState.WAITING, UploadState.RUNNING)


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Show where to hand in a file, files that wait, and what was imported."""
    return _index()


def _index(error: str = "", kind: str = "") -> ResponseReturnValue:
    with current_services().database.reading() as session:
        overview = imports_views.overview(session, request.args.get("before", type=int))
    kind = kind or request.args.get("kind", "purchases")
    page = render_template(
        "console/imports.html",
        overview=overview,
        words=imports_words,
        kind=kind,
        error=error,
        largest=LARGEST >> 20,
    )
    return page, 422 if error else 200


@blueprint.post("/")
@requires(*SENDERS)
def upload() -> ResponseReturnValue:
    """Take a file."""
    services, by, given = current_services(), current_operator().actor, request.files.get("file")
    kind, now = request.form.get("kind", ""), services.clock.now()
    if kind not in uploads.KINDS:
        return _index(_("何のファイルかを選んでください。"))
    if given is None or not given.filename:
        return _index(_("ファイルを選んでください。"), kind)
    name = Path(given.filename.replace("\\", "/")).name
    with TemporaryDirectory(prefix="kokyaku-handed-") as folder:
        path = Path(folder) / "file"
        given.save(path)
        try:
            with services.database.begin() as session:
                uploads.forget(session, now)
                taken = uploads.take(session, kind, name, path, by, now).id
                operators.note(session, by, "file_uploaded", name[:128], now, kind=kind)
        except Invalid as problem:
            return _index(imports_words.why(kind, problem.code, problem.params, current_zone()), kind)
    return redirect(url_for("imports.show", upload_id=taken))


upload.takes_upload = LARGEST  # pyright: ignore[reportFunctionMemberAccess] — read by bot.security


@blueprint.get("/<int:upload_id>")
@requires(*READERS)
def show(upload_id: int) -> ResponseReturnValue:
    """Show a file: how it would be read, how far it is, or what came of it."""
    with current_services().database.reading() as session:
        file = uploads.found(session, upload_id)
        if file.state in LIVE:
            return render_template("console/import_progress.html", file=file, words=imports_words)
        tried = imports_views.result(session, upload_id, rehearsal=True)
        done = imports_views.result(session, upload_id, rehearsal=False)
        outcome = tried if file.is_rehearsal else done
        refused = imports_views.refused(session, outcome.run_id) if outcome else []
        earlier = uploads.earlier(session, file)
        looked = None
        if file.is_rehearsal or file.state is not UploadState.DONE:
            looked = look(session, file)
    return render_template(
        "console/import.html",
        file=file,
        words=imports_words,
        zone=current_zone(),
        outcome=outcome if file.attempt else None,
        refused=refused,
        earlier=earlier,
        looked=looked,
        choices=choices_of(file),
        failure=file.failure,
        shown=imports_views.SHOWN,
    )


@blueprint.post("/<int:upload_id>/try")
@requires(*SENDERS)
def rehearse(upload_id: int) -> ResponseReturnValue:
    """Find out what would come of the file."""
    return _ask(upload_id, rehearsal=True)


@blueprint.post("/<int:upload_id>/run")
@requires(*SENDERS)
def run(upload_id: int) -> ResponseReturnValue:
    """Import the file."""
    return _ask(upload_id, rehearsal=False)


def _ask(upload_id: int, *, rehearsal: bool) -> ResponseReturnValue:
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    try:
        with services.database.begin() as session:
            file = uploads.found(session, upload_id)
            choices = choices_of(file)
            asked = uploads.ask(session, upload_id, choices, rehearsal=rehearsal)
            job_id = f"import:{asked.id}:{asked.attempt}"
            services.queue.enqueue(session, Job.IMPORT, job_id, asked.id, asked.attempt)
            if not rehearsal:
                operators.note(session, by, "import_started", asked.file_name[:128], now, kind=asked.kind)
    except NotFound:
        raise
    except KokyakuError as refused:
        flash(explain(refused), "danger")
    return redirect(url_for("imports.show", upload_id=upload_id))


@blueprint.post("/<int:upload_id>/cancel")
@requires(*SENDERS)
def cancel(upload_id: int) -> ResponseReturnValue:
    """Stop the work on a file; what was recorded stays."""
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    with services.database.begin() as session:
        file = uploads.found(session, upload_id)
        uploads.cancel(session, upload_id, now)
        operators.note(session, by, "import_cancelled", file.file_name[:128], now)
    flash(_("取りやめています。いま処理している行が終わると止まります。"), "info")
    return redirect(url_for("imports.show", upload_id=upload_id))


@blueprint.get("/<int:upload_id>/progress")
@requires(*READERS)
def progress(upload_id: int) -> ResponseReturnValue:
    """Tell the page how far the work is."""
    with current_services().database.reading() as session:
        file = uploads.found(session, upload_id)
    live = file.state in LIVE
    return jsonify(live=live, phase=file.phase, done=file.done, total=file.total)


@blueprint.get("/runs/<int:run_id>")
@requires(*READERS)
def past(run_id: int) -> ResponseReturnValue:
    """Show what came of one import of the past."""
    with current_services().database.reading() as session:
        found = imports_views.run(session, run_id)
        if found is None:
            raise NotFound("upload_unknown")
        by, refused = imports_views.run_by(session, found), imports_views.refused(session, run_id)
    return render_template(
        "console/import_past.html",
        run=found,
        by=by,
        refused=refused,
        words=imports_words,
        zone=current_zone(),
        shown=imports_views.SHOWN,
    )


@blueprint.get("/runs/<int:run_id>/refused.csv")
@requires(*READERS)
def refused_file(run_id: int) -> Response:
    """Hand out the refused lines with their reasons, as a file."""
    services, zone, language = current_services(), current_zone(), current_language()
    with services.database.reading() as session:
        found = imports_views.run(session, run_id)
    if found is None:
        raise NotFound("upload_unknown")

    def rows() -> Any:
        with services.database.reading() as session:
            yield from refused_lines(session, run_id, language, zone)

    header = (_("行番号"), _("理由"), _("コード"))
    return sheets.csv_response(f"kokyaku-refused-{run_id}", header, rows())
