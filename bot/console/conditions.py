"""What the builder of conditions fetches while somebody is at it: itself again, a count with a sample, suggestions."""

import re

from flask import Blueprint, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from bot.console import condition_choices, condition_counting, condition_form
from bot.console.access import READERS, requires
from bot.console.condition_fields import Source
from bot.services import current_services
from segments import saved
from segments.conditions import Condition, parse
from segments.errors import KokyakuError

blueprint = Blueprint("conditions", __name__, url_prefix="/console/conditions")
_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,15}")


@blueprint.post("/builder")
@requires(*READERS)
def builder() -> ResponseReturnValue:
    """Draw the builder again after one of its buttons; nothing is stored."""
    draft = condition_form.read(request.form, _prefix())
    with current_services().database.reading() as session:
        shown = condition_form.shown(session, draft)
    return render_template("console/condition_builder.html", builder=shown)


@blueprint.post("/count")
@requires(*READERS)
def count() -> ResponseReturnValue:
    """Tell in words whom the conditions mean now, how many they are and who some of them are."""
    draft = condition_form.read(request.form, _prefix())
    with current_services().database.reading() as session:
        stored = _stored(session, request.form.get(f"{draft.prefix}.segment", ""))
        counted = condition_counting.count(session, draft, current_services().clock.now(), stored)
    return render_template("console/_condition_count.html", counted=counted)


@blueprint.get("/choices")
@requires(*READERS)
def choices() -> ResponseReturnValue:
    """Return what can be chosen from a source, by what was typed."""
    wanted, words = request.args.get("source", ""), request.args.get("words", "").strip()[:100]
    if wanted not in set(Source):
        abort(404)
    about = request.args.get("about", "")[:128]
    with current_services().database.reading() as session:
        found = condition_choices.offer(session, Source(wanted), words, about)
    return jsonify([{"value": each.value, "label": each.label} for each in found.options])


def _stored(session: Session, number: str) -> Condition | None:
    """Return what the segment that is being changed asks now; None when that is gone or makes no sense."""
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return None
    try:
        return parse(saved.load(session, int(number)).condition)
    except KokyakuError:
        return None


def _prefix() -> str:
    prefix = request.form.get("prefix", "")
    if not _PREFIX.fullmatch(prefix):
        abort(400)
    return prefix
