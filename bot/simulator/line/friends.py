"""Profiles, follower ids, the bot's own information, link tokens, the loading animation."""

from flask import Blueprint, Response, request

from bot.simulator import ids
from bot.simulator.answers import answer, request_body
from bot.simulator.errors import LineError, invalid_property, not_found
from bot.simulator.json_types import as_integer, as_object
from bot.simulator.people import Person, Standing
from bot.simulator.platform import platform

bp = Blueprint("friends", __name__)
_CURSOR_LIFE_MS = 24 * 3600 * 1000
_PAGE, _PAGE_MAX = 300, 1000


@bp.get("/v2/bot/profile/<user_id>", endpoint="profile")
def profile(user_id: str) -> Response:
    """The profile of a friend, or of someone who wrote; 404 for all others."""
    person = _known(user_id)
    shown = {"userId": person.user_id, "displayName": person.name, "language": person.language}
    if person.no % 3 == 0:
        shown["statusMessage"] = "よろしくお願いします" if person.language == "ja" else "Hello!"
    return answer(shown)


@bp.get("/v2/bot/followers/ids", endpoint="followers")
def followers() -> Response:
    """Friends' ids, a page at a time; verified accounts only."""
    if not platform().config.verified:
        raise LineError(403, "Access to this API is not available for your account")
    limit = request.args.get("limit", default=_PAGE, type=int)
    if not 1 <= limit <= _PAGE_MAX:
        raise LineError(400, "The value for the 'limit' parameter is invalid")
    found = platform().people.page(_cursor(request.args.get("start")), limit + 1, Standing.FRIEND)
    more = {"next": f"{found[limit - 1].no:x}.{platform().clock.now_ms():x}"} if len(found) > limit else {}
    return answer({"userIds": [person.user_id for person in found[:limit]], **more})


def _cursor(start: str | None) -> int:
    if start is None:
        return 0
    try:
        no, issued = (int(part, 16) for part in start.split("."))
    except ValueError as failure:
        raise LineError(400, "Invalid start param") from failure
    if platform().clock.now_ms() - issued > _CURSOR_LIFE_MS:
        raise LineError(400, "Invalid start param")
    return no


@bp.get("/v2/bot/info", endpoint="info")
def info() -> Response:
    """The bot itself."""
    config = platform().config
    return answer({
        "userId": config.bot_user_id,
        "basicId": config.basic_id,
        "displayName": config.display_name,
        "chatMode": "bot",
        "markAsReadMode": "auto",
    })  # fmt: skip


@bp.post("/v2/bot/user/<user_id>/linkToken", endpoint="link_token")
def link_token(user_id: str) -> Response:
    """A token to link the person's account with one of ours."""
    token = platform().link_tokens.issue(_known(user_id), platform().clock.now_ms())
    return answer({"linkToken": token})


@bp.post("/v2/bot/chat/loading/start", endpoint="loading")
def loading() -> Response:
    """The three dots; nothing to remember."""
    body = request_body()
    if ids.USER_ID.fullmatch(str(body.get("chatId"))) is None:
        raise invalid_property("chatId")
    seconds = as_integer(body.get("loadingSeconds", 20)) or 0
    if not 5 <= seconds <= 60 or seconds % 5:
        raise invalid_property("loadingSeconds")
    return answer({}, 202)


@bp.post("/v2/bot/message/markAsRead", endpoint="mark_as_read")
def mark_as_read() -> Response:
    """Mark a person's messages as read."""
    chat = as_object(request_body().get("chat")) or {}
    if ids.USER_ID.fullmatch(str(chat.get("userId"))) is None:
        raise invalid_property("chat.userId")
    return answer()


@bp.post("/v2/bot/chat/markAsRead", endpoint="mark_as_read_by_token")
def mark_as_read_by_token() -> Response:
    """Mark messages as read by the token of an event."""
    if not request_body().get("markAsReadToken"):
        raise invalid_property("markAsReadToken")
    return answer()


def _known(user_id: str) -> Person:
    person = platform().people.find(user_id)
    if person is None or not person.known or person.standing is Standing.BLOCKED:
        raise not_found()
    return person
