"""Saved segments: listed, made, changed, explained for one friend, watched, exported, deleted."""

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators
from bot.console import (
    condition_counting,
    condition_form,
    segment_explaining,
    segment_form,
    segment_starts,
    segments_views,
)
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.segment_form import SegmentForm
from bot.services import current_services
from scheduler import scenario_starts, segment_uses
from segments import saved, segment_sizes, watching
from segments.errors import Conflict, KokyakuError

blueprint = Blueprint("segments", __name__, url_prefix="/console/segments")


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """List segments, those whose name fits when something was asked for."""
    services = current_services()
    words, after = request.args.get("q", "").strip()[:100], request.args.get("after", "")[:128]
    with services.database.reading() as session:
        page = segments_views.listed(session, services.clock.now(), words, after)
    return render_template("console/segments.html", page=page, words=words)


@blueprint.get("/<int:segment_id>")
@requires(*READERS)
def show(segment_id: int) -> ResponseReturnValue:
    """Show one segment: who is in it now, how it grew, where it is used, and why one friend is in it or not."""
    services = current_services()
    now = services.clock.now()
    with services.database.reading() as session:
        page = segments_views.record(session, segment_id, now)
        counted = condition_counting.count(session, condition_form.of(page.segment.condition, "c"), now)
        asked = segment_explaining.asked(session, page.condition, now)
    return render_template("console/segment.html", page=page, counted=counted, asked=asked)


@blueprint.get("/<int:segment_id>/size")
@requires(*READERS)
def size(segment_id: int) -> ResponseReturnValue:
    """Tell how many are in a segment now, in words."""
    services = current_services()
    with services.database.reading() as session:
        segment = saved.load(session, segment_id)
        draft = condition_form.of(segment.condition, "c")
        counted = condition_counting.count(session, draft, services.clock.now())
    found = counted.count
    return jsonify(words="" if found is None else _("いま%(count)s人", count=f"{found:,}"))


@blueprint.get("/new")
@requires(*SENDERS)
def new() -> ResponseReturnValue:
    """Show the form of a new segment, with some to begin from."""
    with current_services().database.reading() as session:
        form = segment_form.fresh(session)
    return _form_page(form, None)


@blueprint.post("/new")
@requires(*SENDERS)
def create() -> ResponseReturnValue:
    """Save a new segment."""
    return _saved(segment_form.sent(), None)


@blueprint.get("/<int:segment_id>/edit")
@requires(*SENDERS)
def edit(segment_id: int) -> ResponseReturnValue:
    """Show the form of a saved segment."""
    with current_services().database.reading() as session:
        form = segment_form.stored(saved.load(session, segment_id))
    return _form_page(form, segment_id)


@blueprint.post("/<int:segment_id>/edit")
@requires(*SENDERS)
def update(segment_id: int) -> ResponseReturnValue:
    """Save a changed segment, unless somebody else did meanwhile."""
    return _saved(segment_form.sent(), segment_id)


@blueprint.get("/<int:segment_id>/delete")
@requires(*SENDERS)
def ask_delete(segment_id: int) -> ResponseReturnValue:
    """Say what uses a segment, and ask when nothing does."""
    return _delete_page(segment_id)


@blueprint.post("/<int:segment_id>/delete")
@requires(*SENDERS)
def delete(segment_id: int) -> ResponseReturnValue:
    """Delete a segment that nothing uses."""
    services, by = current_services(), current_operator().actor
    try:
        with services.database.begin() as session:
            name = saved.load(session, segment_id).name
            saved.delete(session, segment_id, segment_uses.elsewhere(session, segment_id))
            operators.note(session, by, "segment_deleted", str(segment_id), services.clock.now(), name=name)
    except Conflict:
        # Somebody began to use it since the question was asked: the page names what does.
        return _delete_page(segment_id, 409)
    flash(_("セグメント「%(name)s」を削除しました。", name=name), "success")
    return redirect(url_for("segments.index"))


@blueprint.post("/<int:segment_id>/watch")
@requires(*SENDERS)
def watch(segment_id: int) -> ResponseReturnValue:
    """Begin or stop to write down who enters and leaves."""
    services, by = current_services(), current_operator().actor
    now, wanted = services.clock.now(), request.form.get("watch") == "1"
    with services.database.begin() as session:
        watching.want(session, segment_id, wanted)
        scenario_starts.keep_watched(session, now)
        still = saved.load(session, segment_id).watched
        action = "segment_watched" if wanted else "segment_unwatched"
        operators.note(session, by, action, str(segment_id), now)
    if wanted:
        flash(
            _("出入りの記録を始めました。いま入っている友だちを数え終わると、記録が始まります。"), "success"
        )
    elif still:
        flash(_("シナリオまたはタグが使っているため、記録は続きます。"), "info")
    else:
        flash(_("出入りの記録をやめました。"), "success")
    return redirect(url_for("segments.show", segment_id=segment_id))


def _saved(form: SegmentForm, segment_id: int | None) -> ResponseReturnValue:
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    with services.database.reading() as session:
        condition_form.shown(session, form.draft)
    if not form.is_ready:
        return _form_page(form, segment_id, 200 if form.draft.pressed else 422)
    try:
        with services.database.begin() as session:
            number = segment_form.save(session, form, segment_id, by, now)
    except KokyakuError as error:
        form.refuse(error)
        return _form_page(form, segment_id, 409 if form.is_overtaken else 422)
    segment_sizes.count_one(services.database, number, now)
    flash(_("セグメント「%(name)s」を保存しました。", name=form.name), "success")
    return redirect(url_for("segments.show", segment_id=number))


def _form_page(form: SegmentForm, segment_id: int | None, status: int = 200) -> ResponseReturnValue:
    services = current_services()
    with services.database.reading() as session:
        page = render_template(
            "console/segment_form.html",
            form=form,
            builder=condition_form.shown(session, form.draft),
            counted=_counted(session, form),
            segment=saved.load(session, segment_id) if segment_id else None,
            uses=segments_views.uses_of(session, segment_id) if segment_id else [],
            theirs=_theirs(session, form, segment_id),
            starts=segment_starts.STARTS,
        )
    return page, status


def _counted(session: Session, form: SegmentForm) -> condition_counting.Counted | None:
    if not form.draft.counting:
        return None
    return condition_counting.count(session, form.draft, current_services().clock.now())


def _theirs(session: Session, form: SegmentForm, segment_id: int | None) -> segments_views.Version | None:
    """Return what somebody else saved meanwhile."""
    found = segments_views.versions(session, segment_id) if form.is_overtaken and segment_id else []
    return found[0] if found else None


def _delete_page(segment_id: int, status: int = 200) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        segment = saved.load(session, segment_id)
        uses = segments_views.uses_of(session, segment_id)
    return render_template("console/segment_delete.html", segment=segment, uses=uses), status
