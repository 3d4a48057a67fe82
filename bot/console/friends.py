"""The list of friends: searched, narrowed, ordered, written out as CSV."""

import csv
from collections.abc import Iterator
from io import StringIO

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console import condition_counting, condition_form, friend_filter, friends_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.condition_form import Draft
from bot.console.friend_filter import LONGEST_WHERE, FriendFilter
from bot.console.page import current_zone
from bot.i18n import N_, current_language
from bot.segment_export import HEADINGS, rows_of_choice
from bot.services import current_services
from segments.listing_marks import Order
from segments.stages import Stage

ORDERS = {
    Order.NEWEST: N_("新しい順"),
    Order.LAST_PURCHASE: N_("最後の購入が新しい順"),
    Order.NEXT_DUE: N_("次の購入の見込みが近い順"),
    Order.SPEND: N_("購入金額の多い順"),
}
BYTE_ORDER_MARK = "\ufeff"
"""By which spreadsheets know UTF-8."""
blueprint = Blueprint("friends", __name__, url_prefix="/console/friends")


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """List friends, those whom the address leaves in."""
    services = current_services()
    asked, after = friend_filter.read(request.args), request.args.get("after", "")[:40]
    with services.database.reading() as session:
        shown = friends_views.listed(session, asked, after, services.clock.now())
    return render_template(
        "console/friends.html",
        shown=shown,
        filter=shown.filter,
        stages=list(Stage),
        orders=ORDERS,
        after=after,
    )


@blueprint.get("/conditions")
@requires(*READERS)
def conditions() -> ResponseReturnValue:
    """Show the builder with the condition the list is narrowed by."""
    asked = friend_filter.read(request.args)
    return _builder(condition_form.of(asked.where, "c"), asked)


@blueprint.post("/conditions")
@requires(*READERS)
def narrow() -> ResponseReturnValue:
    """Narrow the list by the condition that was built."""
    asked, draft = friend_filter.read(request.form), condition_form.read(request.form, "c")
    if draft.pressed:
        return _builder(draft, asked)
    with current_services().database.reading() as session:
        condition_form.shown(session, draft)
    if draft.tree is None or draft.errors:
        return _builder(draft, asked, 422)
    where = "" if draft.is_empty else condition_form.compact(draft.tree)
    if len(where) > LONGEST_WHERE:
        draft.errors["c"] = [_too_long()]
        return _builder(draft, asked, 422)
    return redirect(url_for("friends.index", **asked.query(where=where)))


@blueprint.get("/export.csv")
@requires(*SENDERS)
def export() -> ResponseReturnValue:
    """Write all friends of the list as CSV, safe to open in a spreadsheet; streamed."""
    services, asked = current_services(), friend_filter.read(request.args)
    now, by = services.clock.now(), current_operator().actor
    with services.database.begin() as session:
        kept = friend_filter.checked(session, asked)
        if not kept.problems:
            operators.note(session, by, "friends_exported", "", now)
    if kept.problems:
        for problem in kept.problems:
            flash(problem, "danger")
        return redirect(url_for("friends.index", **kept.query()))
    lines = _lines(kept, current_language())
    answer = Response(lines, mimetype="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="friends-{now:%Y%m%d-%H%M}.csv"'
    return answer


def _lines(kept: FriendFilter, language: str) -> Iterator[str]:
    """Return the file's lines; what they are read with is taken now, for the request is over when they are."""
    services, zone = current_services(), current_zone()

    def written() -> Iterator[str]:
        with services.database.reading() as session:
            yield BYTE_ORDER_MARK + _csv([each.of(language) for each in HEADINGS])
            for row in rows_of_choice(session, kept.choice, services.clock.now(), zone, language):
                yield _csv(row)

    return written()


def _csv(cells: list[str]) -> str:
    line = StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def _builder(draft: Draft, asked: FriendFilter, status: int = 200) -> ResponseReturnValue:
    now = current_services().clock.now()
    with current_services().database.reading() as session:
        builder = condition_form.shown(session, draft)
        counted = condition_counting.count(session, draft, now) if draft.counting else None
    fields = asked.query(where="")
    page = render_template(
        "console/friends_conditions.html", builder=builder, counted=counted, fields=fields, filter=asked
    )
    return page, status


def _too_long() -> str:
    return _("条件が長すぎます。セグメントとして保存してから絞り込んでください。")
