"""One-time codes from the till that link a member number to a friend."""

from flask import jsonify
from flask.typing import ResponseReturnValue

from bot.api.access import blueprint, json_body, keyed, parsed
from bot.api.shapes import MemberCodeIn, MemberCodeOut
from bot.services import current_services
from segments import members


@blueprint.post("/member-codes")
@keyed
def issue() -> ResponseReturnValue:
    """Return a fresh code for a member number; earlier unused ones stop working."""
    wanted, services = parsed(MemberCodeIn, json_body()), current_services()
    now = services.clock.now()
    with services.database.begin() as session:
        code = members.issue_link_code(session, wanted.member_number, now)
    answer = MemberCodeOut(member_number=wanted.member_number, code=code, expires_at=now + members.LONGEST)
    return jsonify(answer.model_dump(mode="json")), 201
