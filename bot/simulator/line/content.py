"""The bytes of media the simulated friends send."""

from flask import Blueprint, Response

from bot.simulator.answers import answer
from bot.simulator.errors import not_found
from bot.simulator.platform import platform

bp = Blueprint("content", __name__)


@bp.get("/v2/bot/message/<message_id>/content", endpoint="content")
def content(message_id: str) -> Response:
    """The picture of an image message; gone once the friend unsent it."""
    return Response(_bytes(message_id), content_type="image/png")


@bp.get("/v2/bot/message/<message_id>/content/preview", endpoint="content_preview")
def preview(message_id: str) -> Response:
    """The same picture: the simulator does not make it smaller."""
    return Response(_bytes(message_id), content_type="image/png")


@bp.get("/v2/bot/message/<message_id>/content/transcoding", endpoint="content_transcoding")
def transcoding(message_id: str) -> Response:
    """Whether the content can be fetched: it always can."""
    _bytes(message_id)
    return answer({"status": "succeeded"})


def _bytes(message_id: str) -> bytes:
    row = platform().state.row("SELECT content FROM chat WHERE message_id = ? AND unsent = 0", (message_id,))
    if row is None or row["content"] is None:
        raise not_found()
    return bytes(row["content"])
