"""Segments as files: the friends in one, and how it grew."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo

from flask import Blueprint, Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console import segments_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.page import current_zone
from bot.i18n import current_language
from bot.segment_export import HEADINGS, rows
from bot.services import current_services
from bot.words import explain
from segments import audience, conditions, saved
from segments.conditions import Condition
from segments.db import Database
from segments.errors import Invalid

blueprint = Blueprint("segment_files", __name__, url_prefix="/console/segments")
MARK = "\ufeff"
"""By which spreadsheets know that a file is UTF-8."""


@blueprint.post("/<int:segment_id>/export")
@requires(*SENDERS)
def friends(segment_id: int) -> ResponseReturnValue:
    """Hand out the friends of a segment as CSV; that it was done is noted."""
    services = current_services()
    now = services.clock.now()
    try:
        with services.database.begin() as session:
            condition = conditions.parse(saved.load(session, segment_id).condition)
            # Refused before a file begins, and not in the middle of it.
            audience.matching(session, condition, now)
            operators.note(session, current_operator().actor, "segment_exported", str(segment_id), now)
    except Invalid as error:
        flash(explain(error), "danger")
        return redirect(url_for("segments.show", segment_id=segment_id))
    # Read while the answer leaves, when there is no request any more to ask for anything.
    lines = _friends(services.database, condition, now, current_zone(), current_language())
    return _file(lines, f"segment-{segment_id}-{now:%Y%m%d}.csv")


@blueprint.get("/<int:segment_id>/growth.csv")
@requires(*READERS)
def growth(segment_id: int) -> ResponseReturnValue:
    """Hand out how many friends a segment had on which day, and who came and went."""
    services = current_services()
    with services.database.reading() as session:
        page = segments_views.record(session, segment_id, services.clock.now())
    moves = {each.day: each for each in page.moves}
    lines: list[list[str]] = [[_("日付"), _("人数"), _("入った人数"), _("外れた人数")]]
    sizes = {each.day: each.size for each in page.sizes}
    for day in sorted({*sizes, *moves}):
        move = moves.get(day)
        came, went = (str(move.entered), str(move.left)) if move else ("", "")
        lines.append([day.isoformat(), str(sizes.get(day, "")), came, went])
    return _file(_written(lines), f"segment-{segment_id}-growth.csv")


def _friends(
    database: Database, condition: Condition, now: datetime, zone: tzinfo, language: str
) -> Iterator[str]:
    with database.reading() as session:
        heading = [[each.of(language) for each in HEADINGS]]
        yield from _written(heading)
        yield from _lines(rows(session, condition, now, zone, language))


def _written(lines: Iterable[list[str]]) -> Iterator[str]:
    yield MARK
    yield from _lines(lines)


def _lines(lines: Iterable[list[str]]) -> Iterator[str]:
    for line in lines:
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerow(line)
        yield text.getvalue()


def _file(lines: Iterator[str], name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(lines, mimetype="text/csv", headers=headers)
