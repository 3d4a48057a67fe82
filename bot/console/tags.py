"""Tags: listed with how many friends carry each and what uses them, made, renamed, deleted, led by a segment's rule."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators
from bot.console import tags_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.typed import Typed
from bot.services import current_services
from bot.words import explain
from scheduler import scenario_starts, tag_uses
from segments import rule_tags, tags
from segments.errors import Conflict, KokyakuError

blueprint = Blueprint("tags", __name__, url_prefix="/console/tags")


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """List tags by name."""
    words = request.args.get("q", "").strip()[:64]
    with current_services().database.reading() as session:
        page = tags_views.listed(session, words, request.args.get("after", "")[:64])
    return render_template("console/tags.html", page=page, words=words, form=Typed({}))


@blueprint.post("/")
@requires(*SENDERS)
def create() -> ResponseReturnValue:
    """Make a tag that nobody carries yet."""
    services, form = current_services(), Typed(request.form.to_dict())
    now, name = services.clock.now(), form.text("name")
    try:
        with services.database.begin() as session:
            if tags.find(session, name) is not None:
                raise Conflict("tag_name_taken", name=name)
            tags.ensure(session, name, now)
            operators.note(session, current_operator().actor, "tag_created", name, now)
    except KokyakuError as error:
        form.add("name", explain(error))
        with services.database.reading() as session:
            page = tags_views.listed(session)
        return render_template("console/tags.html", page=page, words="", form=form), 422
    flash(_("タグ「%(name)s」を作りました。", name=name), "success")
    return redirect(url_for("tags.show", tag_id=_number(name)))


@blueprint.get("/<int:tag_id>")
@requires(*READERS)
def show(tag_id: int) -> ResponseReturnValue:
    """Show one tag: who carries it, what uses it, which segment leads it."""
    return _page(tag_id, Typed({}))


@blueprint.post("/<int:tag_id>/rename")
@requires(*SENDERS)
def rename(tag_id: int) -> ResponseReturnValue:
    """Give a tag another name, wherever it is named."""

    def change(session: Session, name: str, form: Typed) -> str:
        new = form.text("name")
        tag_uses.rename(session, name, new, current_operator().actor, current_services().clock.now())
        _note(session, "tag_renamed", name, to=new)
        return _("タグの名前を「%(name)s」に変えました。", name=new)

    return _changed(tag_id, "name", change)


@blueprint.post("/<int:tag_id>/rule")
@requires(*SENDERS)
def rule(tag_id: int) -> ResponseReturnValue:
    """Have a tag follow a segment, or no longer any."""

    def change(session: Session, name: str, form: Typed) -> str:
        now, chosen = current_services().clock.now(), form.text("segment")
        if chosen.isdecimal() and len(chosen) < 19:
            rule_tags.set_rule(session, name, int(chosen), now)
            told = _("ルールを決めました。いまの友だちには、まもなくタグが付きます。")
        else:
            rule_tags.drop_rule(session, name)
            told = _("ルールをやめました。いま付いているタグは、そのまま残ります。")
        scenario_starts.keep_watched(session, now)
        _note(session, "tag_rule", name, segment=chosen)
        return told

    return _changed(tag_id, "segment", change)


@blueprint.get("/<int:tag_id>/delete")
@requires(*SENDERS)
def ask_delete(tag_id: int) -> ResponseReturnValue:
    """Say what deleting a tag means, or what uses it."""
    with current_services().database.reading() as session:
        page = tags_views.record(session, tag_id)
    return render_template("console/tag_delete.html", page=page)


@blueprint.post("/<int:tag_id>/delete")
@requires(*SENDERS)
def delete(tag_id: int) -> ResponseReturnValue:
    """Delete a tag that nothing uses."""
    services = current_services()
    try:
        with services.database.begin() as session:
            name = tags_views.load(session, tag_id).name
            count = tag_uses.delete(session, name)
            _note(session, "tag_deleted", name, friends=count)
    except Conflict:
        with services.database.reading() as session:
            page = tags_views.record(session, tag_id)
        return render_template("console/tag_delete.html", page=page), 409
    flash(
        _("タグ「%(name)s」を削除しました。%(count)s人から外れました。", name=name, count=f"{count:,}"),
        "success",
    )
    return redirect(url_for("tags.index"))


def _changed(tag_id: int, field: str, change: Callable[[Session, str, Typed], str]) -> ResponseReturnValue:
    form = Typed(request.form.to_dict())
    try:
        with current_services().database.begin() as session:
            done = change(session, tags_views.load(session, tag_id).name, form)
    except KokyakuError as error:
        form.add(field, explain(error))
        return _page(tag_id, form, 422)
    flash(done, "success")
    return redirect(url_for("tags.show", tag_id=tag_id))


def _page(tag_id: int, form: Typed, status: int = 200) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        page = tags_views.record(session, tag_id)
        choices = tags_views.segments(session)
    return render_template("console/tag.html", page=page, form=form, segments=choices), status


def _note(session: Session, action: str, name: str, **details: object) -> None:
    operators.note(session, current_operator().actor, action, name, current_services().clock.now(), **details)


def _number(name: str) -> int:
    with current_services().database.reading() as session:
        tag = tags.find(session, name)
        return tag.id if tag else 0
