"""Pictures that friends sent: fetched from LINE when somebody first looks, checked, kept small."""

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue

from bot.console.access import READERS, requires
from bot.line import chat_media
from bot.services import current_services

blueprint = Blueprint("inbox_media", __name__, url_prefix="/console/inbox/media")


@blueprint.get("/<int:message_id>")
@requires(*READERS)
def show(message_id: int) -> ResponseReturnValue:
    """Return the picture; 404 when LINE no longer has it, or it is none that a browser may show."""
    services = current_services()
    found = chat_media.picture(services.database, services.gateway, message_id, services.clock.now())
    if found is None:
        abort(404)
    response = Response(found.content, content_type=found.content_type)
    # Whatever a friend sent, it is shown as a picture and never run as a page of ours.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Content-Disposition"] = "inline"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response
