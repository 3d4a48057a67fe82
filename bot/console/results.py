"""What came of a broadcast: its page and the same figures as a file."""

import csv
from io import StringIO

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot.console import broadcasts_views, results_views
from bot.console.access import READERS, requires
from bot.console.results_views import Results
from bot.i18n import N_
from bot.services import current_services
from bot.words import BROADCAST_STATES, reason_words
from scheduler.broadcast_results import DAYS
from scheduler.campaign_effect import Untold
from scheduler.models import DeliveryState

blueprint = Blueprint("results", __name__, url_prefix="/console/broadcasts")

UNTOLD = {
    Untold.NO_CONTROL: N_("対照グループがないため、この配信のおかげで増えた売上は分かりません。"),
    Untold.FEW_FRIENDS: N_("まだ判断できません。どちらかのグループが30人未満です。"),
    Untold.FEW_BUYERS: N_("まだ判断できません。購入した人がまだ5人未満です。"),
    Untold.AROUND_ZERO: N_("まだ判断できません。差がないことも考えられます。"),
}


@blueprint.get("/<int:broadcast_id>/results")
@requires(*READERS)
def show(broadcast_id: int) -> ResponseReturnValue:
    """Show who got it and what they did; the number of days is in the address."""
    services, days = current_services(), results_views.days_of(request.args.get("days", ""))
    with services.database.reading() as session:
        draft = broadcasts_views.draft(session, broadcast_id)
        found = results_views.results(session, broadcast_id, days, services.clock.now())
    return render_template(
        "console/broadcast_results.html",
        draft=draft,
        results=found,
        choices=DAYS,
        states=BROADCAST_STATES,
        reason_words=reason_words,
        untold=UNTOLD,
    )


@blueprint.get("/<int:broadcast_id>/results.csv")
@requires(*READERS)
def as_csv(broadcast_id: int) -> ResponseReturnValue:
    """Return the figures as a file for a spreadsheet."""
    services, days = current_services(), results_views.days_of(request.args.get("days", ""))
    with services.database.reading() as session:
        found = results_views.results(session, broadcast_id, days, services.clock.now())
    lines = StringIO()
    csv.writer(lines).writerows([(_("項目"), _("値")), *_lines(found)])
    # Excel takes a file for UTF-8 only with the mark in front.
    answer = Response("\ufeff" + lines.getvalue(), mimetype="text/csv")
    name = f"broadcast-{broadcast_id}-{days}d.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _lines(found: Results) -> list[tuple[str, object]]:
    lines: list[tuple[str, object]] = [
        (_("受付済み"), found.accepted),
        (_("送らなかった"), found.of(DeliveryState.SKIPPED)),
        *((f"- {reason_words(reason)}", count) for reason, count in found.progress.unsent_by_reason.items()),
        (_("失敗"), found.of(DeliveryState.FAILED)),
        (_("不明"), found.of(DeliveryState.UNCERTAIN)),
        (_("費用（円・税別の目安）"), found.cost_yen),
    ]
    if found.figures is None:
        return lines
    figures = found.figures
    lines += [
        (_("タップした友だち"), figures.tappers),
        *((f"- {_plain(link.name)}", link.friends) for link in figures.links),
        (_("ブロック"), figures.blocks),
        (_("購入した友だち"), figures.receivers.buyers),
        (_("注文"), figures.receivers.orders),
        (_("売上（円）"), figures.receivers.yen),
        (_("1注文あたりの費用（円）"), "" if found.yen_per_order is None else found.yen_per_order),
    ]
    if figures.control.friends:
        lines += [
            (_("対照グループの友だち"), figures.control.friends),
            (_("対照グループで購入した友だち"), figures.control.buyers),
            (_("対照グループの売上（円）"), figures.control.yen),
        ]
    return lines


def _plain(text: str) -> str:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
