"""Which person sees which rich menu: one by one, in bulk, in batches."""

import re

from flask import Blueprint, Response, request

from bot.simulator.answers import answer, request_body, request_id
from bot.simulator.clock import iso
from bot.simulator.errors import LineError, body_errors, not_found
from bot.simulator.json_types import JsonObject, as_array, as_object
from bot.simulator.people import Person, Standing
from bot.simulator.platform import platform
from bot.simulator.validation.bodies import recipients_of

bp = Blueprint("menu_links", __name__)
_OPERATIONS = {"link": ("from", "to"), "unlink": ("from",), "unlinkAll": ()}


@bp.get("/v2/bot/user/<user_id>/richmenu", endpoint="richmenu_of_user")
def of_user(user_id: str) -> Response:
    """The id of the rich menu linked to the person."""
    person = platform().people.find(user_id)
    if person is None or person.rich_menu is None:
        raise LineError(404, "the user has no richmenu")
    return answer({"richMenuId": person.rich_menu})


@bp.post("/v2/bot/user/<user_id>/richmenu/<menu_id>", endpoint="richmenu_link")
def link(user_id: str, menu_id: str) -> Response:
    """Link it to one friend."""
    platform().menus.link(menu_id, [_friend(user_id)])
    return answer()


@bp.delete("/v2/bot/user/<user_id>/richmenu", endpoint="richmenu_unlink")
def unlink(user_id: str) -> Response:
    """Leave the person to the default."""
    platform().menus.unlink([_friend(user_id)])
    return answer()


@bp.post("/v2/bot/richmenu/bulk/link", endpoint="richmenu_bulk_link")
def bulk_link() -> Response:
    """Link it to up to 500 people; those who are no friends are passed over without a word."""
    body = request_body()
    people = _friends_among(recipients_of(body, "userIds"))
    try:
        platform().menus.link(str(body.get("richMenuId")), people)
    except LineError as failure:
        raise body_errors([("invalid richMenuId", "richMenuId")]) from failure
    return answer({}, 202)


@bp.post("/v2/bot/richmenu/bulk/unlink", endpoint="richmenu_bulk_unlink")
def bulk_unlink() -> Response:
    """Leave up to 500 people to the default."""
    platform().menus.unlink(_friends_among(recipients_of(request_body(), "userIds")))
    return answer({}, 202)


@bp.post("/v2/bot/richmenu/validate/batch", endpoint="richmenu_batch_validate")
def batch_validate() -> Response:
    """Check a batch."""
    _operations(request_body())
    return answer()


@bp.post("/v2/bot/richmenu/batch", endpoint="richmenu_batch")
def batch() -> Response:
    """Replace or unlink rich menus of everyone; done at once here."""
    for operation in _operations(request_body()):
        platform().menus.relink(operation.get("from"), operation.get("to"))
    now = platform().clock.now_ms()
    platform().state.write("INSERT INTO menu_batches VALUES (?, ?, 'succeeded')", (request_id(), now))
    return answer({}, 202)


@bp.get("/v2/bot/richmenu/progress/batch", endpoint="richmenu_batch_progress")
def batch_progress() -> Response:
    """How far a batch is."""
    row = platform().state.row(
        "SELECT * FROM menu_batches WHERE request_id = ?", (request.args.get("requestId"),)
    )
    if row is None:
        raise not_found()
    return answer({"phase": row["phase"], "acceptedTime": iso(row["at"]), "completedTime": iso(row["at"])})


def _friend(user_id: str) -> Person:
    person = platform().people.find(user_id)
    if person is None or person.standing is not Standing.FRIEND:
        raise not_found()
    return person


def _friends_among(user_ids: list[str]) -> list[Person]:
    found = platform().people.among(user_ids).values()
    return [person for person in found if person.standing is Standing.FRIEND]


def _operations(body: JsonObject) -> list[JsonObject]:
    listed = as_array(body.get("operations"))
    if not listed or len(listed) > 1000:
        raise body_errors([("Size must be between 1 and 1000", "operations")])
    key = body.get("resumeRequestKey")
    if key is not None and re.fullmatch(r"[a-zA-Z0-9_-]{1,100}", str(key)) is None:
        raise body_errors([("invalid property", "resumeRequestKey")])
    return [_operation(each, index) for index, each in enumerate(listed)]


def _operation(value: object, index: int) -> JsonObject:
    found = as_object(value) or {}
    needed = _OPERATIONS.get(str(found.get("type")))
    if needed is None:
        raise body_errors([("invalid property", f"operations[{index}].type")])
    for name in needed:
        try:
            platform().menus.get(str(found.get(name)))
        except LineError as failure:
            raise body_errors([("invalid richMenuId", f"operations[{index}].{name}")]) from failure
    return found
