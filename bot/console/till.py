"""The till's page: a one-time code that links a member number to the friend who types it in chat."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from bot import operators
from bot.console.access import COUNTER, current_operator, requires
from bot.services import current_services
from bot.words import explain
from segments import members
from segments.errors import KokyakuError

blueprint = Blueprint("till", __name__, url_prefix="/console/till")


@blueprint.get("/")
@requires(*COUNTER)
def show() -> ResponseReturnValue:
    """Ask for the member number."""
    return render_template("console/till.html", member_number="", code=None, error=None)


@blueprint.post("/")
@requires(*COUNTER)
def issue() -> ResponseReturnValue:
    """Show a fresh code for a member number."""
    services, number = current_services(), request.form.get("member_number", "").strip()
    code, error = None, None
    try:
        with services.database.begin() as session:
            code = members.issue_link_code(session, number, services.clock.now())
            operators.note(
                session, current_operator().actor, "link_code_issued", number[:64], services.clock.now()
            )
    except KokyakuError as refused:
        error = explain(refused)
    page = render_template("console/till.html", member_number=number, code=code, error=error)
    return page, 422 if error else 200
