"""Friends on the way through a scenario: looked through step by step, taken out by hand one by one."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console import scenario_people_views, scenarios_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.typed import Typed
from bot.i18n import current_language
from bot.services import current_services
from scheduler import enrolments
from scheduler.models import EnrolmentState
from scheduler.reasons import Reason

blueprint = Blueprint("scenario_people", __name__, url_prefix="/console/scenarios")


@blueprint.get("/<int:scenario_id>/friends")
@requires(*READERS)
def index(scenario_id: int) -> ResponseReturnValue:
    """Show who is inside, all or those who wait for one step."""
    asked, language = Typed(request.args.to_dict()), current_language()
    step_id, after = _number(asked.text("step")), _number(asked.text("after"))
    with current_services().database.reading() as session:
        page = scenario_people_views.people(session, scenario_id, step_id, after, language)
    return render_template(
        "console/scenario_people.html",
        page=page,
        chosen=step_id,
        name=scenarios_views.name_of(page.scenario, language),
        is_first=not after,
    )


@blueprint.get("/enrolments/<int:enrolment_id>/leave")
@requires(*SENDERS)
def ask_leave(enrolment_id: int) -> ResponseReturnValue:
    """Say what taking a friend out means before it is done."""
    with current_services().database.reading() as session:
        found = scenario_people_views.inside(session, enrolment_id, current_language())
    return render_template(
        "console/scenario_ask.html",
        title=_("%(name)sさんを外しますか", name=found.friend_name or _("お名前未取得")),
        effects=[
            _(
                "この友だち1人について、シナリオ「%(scenario)s」をここで終えます。送信待ちのメッセージは取り消されます。",
                scenario=found.name,
            ),
            _("シナリオに戻すことはできません。きっかけがもう一度あれば、設定によってはまた始まります。"),
        ],
        url=url_for("scenario_people.leave", enrolment_id=enrolment_id),
        label=_("この友だちを外す"),
        back=url_for("scenario_people.index", scenario_id=found.scenario.id),
    )


@blueprint.post("/enrolments/<int:enrolment_id>/leave")
@requires(*SENDERS)
def leave(enrolment_id: int) -> ResponseReturnValue:
    """Take the friend out."""
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    with services.database.begin() as session:
        found = scenario_people_views.inside(session, enrolment_id, current_language())
        enrolments.end(session, found.enrolment, EnrolmentState.LEFT, Reason.STOPPED, now)
        details = {"friend": found.enrolment.friend_id}
        operators.note(session, by, "enrolment_ended", str(found.scenario.id), now, **details)
        scenario_id = found.scenario.id
    flash(_("%(name)sさんを外しました。", name=found.friend_name or _("お名前未取得")), "success")
    return redirect(url_for("scenario_people.index", scenario_id=scenario_id))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
