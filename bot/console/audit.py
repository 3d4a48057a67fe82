"""The audit log: who did what and when, filtered by person, action and day, as a page and as a file."""

import csv
from collections.abc import Iterator
from datetime import date
from io import StringIO
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot.audit_words import ACTIONS, action_words, details_words
from bot.console import audit_views
from bot.console.access import SENDERS, requires
from bot.console.audit_views import Filter, People
from bot.console.page import current_zone, zone_label
from bot.i18n import current_language
from bot.segment_export import safe
from bot.services import current_services

blueprint = Blueprint("audit", __name__, url_prefix="/console/settings/audit")


@blueprint.get("/")
@requires(*SENDERS)
def index() -> ResponseReturnValue:
    """Show the newest entries of those asked for."""
    wanted, before = _wanted(), request.args.get("before", type=int)
    with current_services().database.reading() as session:
        people = People(session, current_language())
        found, next_before = audit_views.entries(session, people, wanted, current_zone(), before=before)
    actions = sorted(((action, action_words(action)) for action in ACTIONS), key=lambda each: each[1])
    return render_template(
        "console/audit.html",
        entries=found,
        people=people.choices(),
        actions=actions,
        wanted=wanted,
        zone=zone_label(),
        file_url=url_for("audit.file", **_asked(wanted)),
        next_url=url_for("audit.index", before=next_before, **_asked(wanted)) if next_before else None,
        action_words=action_words,
        details_words=details_words,
    )


@blueprint.get("/audit.csv")
@requires(*SENDERS)
def file() -> ResponseReturnValue:
    """Hand out every entry asked for as a table for spreadsheets."""
    answer = Response(stream_with_context(_lines(_wanted())), mimetype="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer


def _lines(wanted: Filter) -> Iterator[str]:
    zone, language = current_zone(), current_language()
    yield "\ufeff" + _line([_("日時"), _("操作した人"), _("操作"), _("対象"), _("内容")])
    with current_services().database.reading() as session:
        for each in audit_views.all_entries(session, People(session, language), wanted, zone):
            yield _line(
                [
                    f"{each.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
                    each.name,
                    action_words(each.action),
                    each.subject,
                    details_words(each.details),
                ]
            )


def _line(cells: list[str]) -> str:
    out = StringIO()
    csv.writer(out).writerow([safe(cell) for cell in cells])
    return out.getvalue()


def _wanted() -> Filter:
    person, action = (request.args.get(name, "").strip()[:80] for name in ("person", "action"))
    return Filter(person, action, _day(request.args.get("day", "")))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _asked(wanted: Filter) -> dict[str, Any]:
    given = {
        "person": wanted.person,
        "action": wanted.action,
        "day": wanted.day.isoformat() if wanted.day else "",
    }
    return {name: value for name, value in given.items() if value}
