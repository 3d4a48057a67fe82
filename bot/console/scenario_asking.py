"""Pausing and deleting a whole scenario: what that means for friends inside is said first."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console import scenarios_views
from bot.console.access import SENDERS, current_operator, requires
from bot.i18n import current_language
from bot.services import current_services
from scheduler import scenario_edits

blueprint = Blueprint("scenario_asking", __name__, url_prefix="/console/scenarios")


@blueprint.get("/<int:scenario_id>/pause")
@requires(*SENDERS)
def ask_pause(scenario_id: int) -> ResponseReturnValue:
    """Say what pausing means before it is done."""
    return _ask(
        scenario_id,
        _("「%(name)s」を一時停止しますか"),
        [
            _("途中の%(count)s人は、いまのステップで待ちます。再開すると、そこから続きます。"),
            _("止まっている間は、きっかけがあっても新しく始まりません。あとから始まることもありません。"),
        ],
        url_for("scenarios.pause", scenario_id=scenario_id),
        _("シナリオを一時停止する"),
    )


@blueprint.get("/<int:scenario_id>/delete")
@requires(*SENDERS)
def ask_delete(scenario_id: int) -> ResponseReturnValue:
    """Say what deleting means before it is done."""
    return _ask(
        scenario_id,
        _("「%(name)s」を削除しますか"),
        [
            _("途中の%(count)s人は、ここで終わります。送信待ちのメッセージは取り消されます。"),
            _("これまでに送ったメッセージは、友だちの履歴に残ります。削除したシナリオは元に戻せません。"),
        ],
        url_for("scenario_asking.delete", scenario_id=scenario_id),
        _("シナリオを削除する"),
    )


@blueprint.post("/<int:scenario_id>/delete")
@requires(*SENDERS)
def delete(scenario_id: int) -> ResponseReturnValue:
    """Delete a scenario."""
    services, now = current_services(), current_services().clock.now()
    with services.database.begin() as session:
        left = scenario_edits.delete(session, scenario_id, now)
        operators.note(session, current_operator().actor, "scenario_deleted", str(scenario_id), now)
    flash(_("シナリオを削除しました。途中だった友だちは%(count)s人です。", count=left), "success")
    return redirect(url_for("scenarios.index"))


def _ask(scenario_id: int, title: str, effects: list[str], url: str, label: str) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        scenario = scenario_edits.load(session, scenario_id)
        count = sum(scenario_edits.standing(session, scenario_id).values())
    name = scenarios_views.name_of(scenario, current_language())
    return render_template(
        "console/scenario_ask.html",
        title=title % {"name": name} if "%(name)s" in title else title,
        effects=[each % {"count": f"{count:,}"} if "%(count)s" in each else each for each in effects],
        url=url,
        label=label,
        back=url_for("scenario.show", scenario_id=scenario_id),
    )
