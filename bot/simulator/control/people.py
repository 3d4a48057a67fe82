"""Making people and letting them act."""

import base64
import binascii
import sqlite3

from flask import Blueprint, Response, request

from bot.simulator.answers import answer
from bot.simulator.control.wishes import wishes
from bot.simulator.errors import LineError
from bot.simulator.json_types import JsonObject, as_array, as_integer, as_object
from bot.simulator.people import Person, Standing
from bot.simulator.pictures import camera_picture
from bot.simulator.platform import platform
from bot.simulator.taps import labelled

_MOST_AT_ONCE = 100_000

bp = Blueprint("sim_people", __name__, url_prefix="/sim")


@bp.post("/friends")
def make_friends() -> Response:
    """{"count", "names", "language", "follow", "stranger", "ids"} → {"ids"}; follow: true sends follow webhooks.

    `ids` are user ids that nobody has yet, to stand in for people who exist on another LINE.
    """
    asked = wishes()
    names = [str(name) for name in as_array(asked.get("names")) or []]
    user_ids = [str(user_id) for user_id in as_array(asked.get("ids")) or []]
    count = as_integer(asked.get("count", max(1, len(names), len(user_ids))))
    if count is None or not 1 <= count <= _MOST_AT_ONCE:
        raise LineError(400, f"count must be between 1 and {_MOST_AT_ONCE}")
    standing = Standing.STRANGER if asked.get("stranger") else Standing.FRIEND
    try:
        made = platform().people.make(count, names, str(asked.get("language", "ja")), standing, user_ids)
    except sqlite3.IntegrityError as failure:
        raise LineError(400, "ids must be new, each given once") from failure
    if asked.get("follow") and standing is Standing.FRIEND:
        for person in made:
            platform().acts.announce(person)
    return answer({"ids": [person.user_id for person in made]}, 201)


@bp.get("/friends")
def list_friends() -> Response:
    """A page of people: ?after=no&limit=n&status=friend → {"friends", "counts", "next"}."""
    limit = request.args.get("limit", default=1000, type=int)
    status = request.args.get("status")
    if status is not None and status not in set(Standing):
        raise LineError(400, f"no such status: {status}")
    standing = None if status is None else Standing(status)
    found = platform().people.page(request.args.get("after", default=0, type=int), limit, standing)
    more = {"next": found[-1].no} if found and len(found) == limit else {}
    return answer(
        {"friends": [_shown(person) for person in found], "counts": platform().people.counts(), **more}
    )


@bp.get("/friends/<user_id>/messages")
def messages(user_id: str) -> Response:
    """The chat, oldest first: ?after=no&limit=n → {"messages"}."""
    after = request.args.get("after", default=0, type=int)
    limit = request.args.get("limit", default=1000, type=int)
    found = platform().conversations.of(person_named(user_id), after, limit)
    return answer({"messages": [bubble.as_json() for bubble in found]})


@bp.post("/friends/<user_id>/follow")
def follow(user_id: str) -> Response:
    """Add or unblock the account."""
    return answer({"event": platform().acts.follow(person_named(user_id))})


@bp.post("/friends/<user_id>/block")
def block(user_id: str) -> Response:
    """Block the account."""
    return answer({"event": platform().acts.block(person_named(user_id))})


@bp.post("/friends/<user_id>/text")
def text(user_id: str) -> Response:
    """{"text"}: write to the account."""
    written = str(wishes().get("text") or "")
    if not written:
        raise LineError(400, "text is missing")
    return answer({"event": platform().acts.write(person_named(user_id), written)})


@bp.post("/friends/<user_id>/sticker")
def sticker(user_id: str) -> Response:
    """{"packageId", "stickerId", "keywords"}: send a sticker."""
    asked = wishes()
    keywords = [str(word) for word in as_array(asked.get("keywords")) or ["hello"]]
    package, number = str(asked.get("packageId", "446")), str(asked.get("stickerId", "1988"))
    return answer({"event": platform().acts.sticker(person_named(user_id), package, number, keywords)})


@bp.post("/friends/<user_id>/image")
def image(user_id: str) -> Response:
    """{"content": base64 of a PNG}, or nothing for a made-up picture."""
    encoded = wishes().get("content")
    try:
        content = camera_picture() if encoded is None else base64.b64decode(str(encoded), validate=True)
    except binascii.Error as failure:
        raise LineError(400, "content must be base64") from failure
    return answer({"event": platform().acts.image(person_named(user_id), content)})


@bp.post("/friends/<user_id>/postback")
def postback(user_id: str) -> Response:
    """{"data", "params", "displayText"}: post back without looking for a button."""
    asked = wishes()
    params = as_object(asked.get("params"))
    event = platform().acts.postback(
        person_named(user_id), str(asked.get("data", "")), params, asked.get("displayText")
    )
    return answer({"event": event})


@bp.post("/friends/<user_id>/unsend")
def unsend(user_id: str) -> Response:
    """{"messageId"}: take a message back."""
    return answer({"event": platform().acts.unsend(person_named(user_id), str(wishes().get("messageId")))})


@bp.post("/friends/<user_id>/tap")
def tap(user_id: str) -> Response:
    """{"action"} or {"label"} of the newest such button, with {"params"} for a picked date."""
    person, asked = person_named(user_id), wishes()
    action = as_object(asked.get("action"))
    if action is None:
        label = str(asked.get("label") or "")
        action = labelled(_tappable(person), label)
    return answer(platform().taps.perform(person, action, as_object(asked.get("params"))))


@bp.post("/groups/<group_id>/<any(join,leave):act>")
def group(group_id: str, act: str) -> Response:
    """The account is taken into a group chat, or out of it."""
    return answer({"event": platform().acts.group(group_id, join=act == "join")})


def person_named(user_id: str) -> Person:
    """The person with this user id. Raises LineError 404."""
    found = platform().people.find(user_id)
    if found is None:
        raise LineError(404, "no such person")
    return found


def _tappable(person: Person) -> list[JsonObject]:
    """The rich menu first, then the chat: the newest comes last."""
    menu = platform().menus.shown_to(person)
    chat = platform().conversations.of(person, limit=50)
    return [*([menu] if menu else []), *(bubble.message for bubble in chat if not bubble.incoming)]


def _shown(person: Person) -> JsonObject:
    return {
        "userId": person.user_id,
        "displayName": person.name,
        "language": person.language,
        "status": person.standing,
        "richMenuId": person.rich_menu,
    }
