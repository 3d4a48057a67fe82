"""Tags put on or taken off many friends at once: confirmed with their number, watched, stopped, undone."""

from datetime import datetime

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from bot import operators, tagging_jobs
from bot.actors import actor_name
from bot.console import friend_filter
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.services import current_services
from bot.words import explain
from segments import friend_choice, tagging_many, tags
from segments.errors import Invalid, KokyakuError
from segments.friend_choice import FriendChoice
from segments.friend_listing import PAGE
from segments.leaves.friends import OneOf
from segments.models import Tagging, TaggingState

blueprint = Blueprint("taggings", __name__, url_prefix="/console/friends/taggings")
RUNNING = (TaggingState.RUNNING, TaggingState.UNDOING)


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """List the last taggings of many."""
    now = current_services().clock.now()
    with current_services().database.reading() as session:
        runs = [(run, actor_name(session, run.made_by)) for run in tagging_many.lately(session, 30)]
    return render_template(
        "console/taggings.html",
        runs=runs,
        undoable={run.id for run, _by in runs if tagging_many.can_undo(run, now)},
    )


@blueprint.post("/ask")
@requires(*SENDERS)
def ask() -> ResponseReturnValue:
    """Say how many friends it is about, before anything happens."""
    services, name = current_services(), request.form.get("name", "").strip()
    adds = request.form.get("what") != "remove"
    try:
        with services.database.reading() as session:
            choice = _choice(session)
            _check_name(session, name, adds=adds)
            found = friend_choice.count(session, choice, services.clock.now())
        if not found:
            raise Invalid("nobody_chosen")
    except KokyakuError as refused:
        flash(explain(refused), "danger")
        return redirect(_list_address())
    return render_template(
        "console/tagging_ask.html",
        name=name,
        adds=adds,
        found=found,
        back=_list_address(),
        fields=[(key, value) for key, value in request.form.items(multi=True) if key != "csrf_token"],
    )


@blueprint.post("/")
@requires(*SENDERS)
def begin() -> ResponseReturnValue:
    """Do it: at once for few, as a job for many."""
    services, by = current_services(), current_operator().actor
    now, name = services.clock.now(), request.form.get("name", "")
    try:
        with services.database.begin() as session:
            adds = request.form.get("what") != "remove"
            run = tagging_many.begin(session, _choice(session), name, by, now, adds=adds)
            tagging_jobs.start(session, services.queue, run, now)
            operators.note(
                session, by, "friends_tagged" if adds else "friends_untagged", run.name, now, tagging=run.id,
                friends=run.expected,
            )  # fmt: skip
    except KokyakuError as refused:
        flash(explain(refused), "danger")
        return redirect(_list_address())
    return redirect(url_for("taggings.show", tagging_id=run.id))


@blueprint.get("/<int:tagging_id>")
@requires(*READERS)
def show(tagging_id: int) -> ResponseReturnValue:
    """Show how far it has come and what it changed."""
    with current_services().database.reading() as session:
        run = tagging_many.load(session, tagging_id)
        by = actor_name(session, run.made_by)
    now = current_services().clock.now()
    return render_template(
        "console/tagging.html",
        run=run,
        by=by,
        running=run.state in RUNNING,
        can_undo=tagging_many.can_undo(run, now),
        undo_until=run.made_at + tagging_many.UNDO_WITHIN,
    )


@blueprint.get("/<int:tagging_id>/progress")
@requires(*READERS)
def progress(tagging_id: int) -> ResponseReturnValue:
    """Tell a script how far it has come."""
    with current_services().database.reading() as session:
        return jsonify(_figures(tagging_many.load(session, tagging_id)))


@blueprint.post("/<int:tagging_id>/stop")
@requires(*SENDERS)
def stop(tagging_id: int) -> ResponseReturnValue:
    """Stop it where it is."""
    return _change(tagging_id, "tagging_stopped")


@blueprint.post("/<int:tagging_id>/undo")
@requires(*SENDERS)
def undo(tagging_id: int) -> ResponseReturnValue:
    """Change back whom it changed."""
    return _change(tagging_id, "tagging_undone")


def _change(tagging_id: int, action: str) -> ResponseReturnValue:
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    try:
        with services.database.begin() as session:
            _act(session, tagging_id, action, now)
            operators.note(session, by, action, str(tagging_id), now)
    except Invalid as refused:
        flash(explain(refused), "danger")
    except KokyakuError as refused:
        if refused.code == "tagging_unknown":
            raise
        flash(explain(refused), "danger")
    return redirect(url_for("taggings.show", tagging_id=tagging_id))


def _act(session: Session, tagging_id: int, action: str, now: datetime) -> None:
    if action == "tagging_stopped":
        tagging_many.stop(session, tagging_id, now)
        return
    tagging_many.undo(session, tagging_id, now)
    run = tagging_many.load(session, tagging_id)
    tagging_jobs.start(session, current_services().queue, run, now)


def _choice(session: Session) -> FriendChoice:
    """Return whom the list's form means: those ticked on it, or all it found."""
    if request.form.get("whom") == "found":
        asked = friend_filter.checked(session, friend_filter.read(request.form))
        if asked.problems:
            # Somebody deleted the tag or segment meanwhile: everybody is not who was meant.
            raise Invalid("choice_changed")
        return asked.choice
    ids = [int(each) for each in request.form.getlist("id")[:PAGE] if each.isdecimal() and len(each) < 19]
    if not ids:
        raise Invalid("nobody_ticked")
    return FriendChoice(condition=OneOf(ids=ids))


def _check_name(session: Session, name: str, *, adds: bool) -> None:
    if not name:
        raise Invalid("tag_missing")
    known = tags.find(session, name)
    if known is None and not adds:
        raise Invalid("tag_unknown", tag=name)
    if known is None and not tags.is_name(name):
        raise Invalid("tag_invalid", name=name)


def _list_address() -> str:
    return url_for("friends.index", **friend_filter.read(request.form).query())


def _figures(run: Tagging) -> dict[str, object]:
    done = run.looked_at
    return {
        "state": run.state.value,
        "done": done,
        "total": max(run.expected, done),
        "counts": {"changed": run.changed},
    }
