"""Webhook events that could not be handled, for an operator to decide."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot.console import parked_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.i18n import N_
from bot.services import current_services

blueprint = Blueprint("parked", __name__, url_prefix="/console/parked")
KINDS = {
    "message": N_("友だちからのメッセージ"),
    "follow": N_("友だち追加"),
    "unfollow": N_("ブロック"),
    "postback": N_("ボタンのタップ"),
    "unsend": N_("送信の取り消し"),
    "accountLink": N_("会員番号の連携"),
}
OTHER_KIND = N_("その他の通知")


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Show what is parked and why."""
    with current_services().database.reading() as session:
        rows, next_id = parked_views.parked(session, request.args.get("after", 0, type=int))
    return render_template(
        "console/parked.html", rows=rows, next_id=next_id, kinds=KINDS, other_kind=OTHER_KIND
    )


@blueprint.post("/<int:event_id>/retry")
@requires(*SENDERS)
def retry(event_id: int) -> ResponseReturnValue:
    """Try an event again."""
    services = current_services()
    with services.database.begin() as session:
        parked_views.retry(session, event_id, current_operator().actor, services.clock.now())
    flash(_("もう一度処理します。"), "success")
    return redirect(url_for("parked.index"))


@blueprint.post("/<int:event_id>/dismiss")
@requires(*SENDERS)
def dismiss(event_id: int) -> ResponseReturnValue:
    """Let an event go."""
    services = current_services()
    with services.database.begin() as session:
        parked_views.dismiss(session, event_id, current_operator().actor, services.clock.now())
    flash(_("対応不要にしました。"), "success")
    return redirect(url_for("parked.index"))
