"""`POST /webhook`: check the signature, store the events, answer. Nothing else happens in the request."""

from http import HTTPStatus

import structlog
from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from bot.line import doorbell
from bot.line.raw_events import Unreadable, events_in, row_of
from bot.line.signature import HEADER, is_genuine
from bot.models import InboundEvent
from bot.security import csrf
from bot.services import current_services
from segments.upsert import insert_ignore

BODY_BYTES = 2 * 1024 * 1024
PATH = "/webhook"

log = structlog.get_logger(__name__)
bp = Blueprint("webhook", __name__)


def register(app: Flask) -> None:
    """Put the webhook into the web application; LINE signs its requests and knows no form token."""
    csrf.exempt(bp)
    app.register_blueprint(bp)


@bp.post(PATH)
def receive() -> Response:
    """Take what LINE sends: 200 stored, 401 not LINE's, 400 unreadable, 413 over 2 MB."""
    services = current_services()
    body = _body()
    if body is None:
        return _answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    secret = services.settings.channel_secret.get_secret_value()
    if not is_genuine(secret, body, request.headers.get(HEADER)):
        log.warning("webhook_refused", reason="signature" if secret else "no_channel_secret")
        return _answer(HTTPStatus.UNAUTHORIZED)
    try:
        events = events_in(body)
    except Unreadable as error:
        log.warning("webhook_unreadable", error=str(error))
        return _answer(HTTPStatus.BAD_REQUEST)
    if events:
        now = services.clock.now()
        with services.database.begin() as session:
            stored = insert_ignore(session, InboundEvent, [row_of(event, now) for event in events])
        log.debug("webhook_stored", events=len(events), stored=stored)
        doorbell.of(services.database).set()
    return _answer(HTTPStatus.OK)


def _body() -> bytes | None:
    """Return the raw body; None when it is too large, found out before reading more than allowed."""
    request.max_content_length = BODY_BYTES
    if (request.content_length or 0) > BODY_BYTES:
        return None
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        return None


def _answer(status: HTTPStatus) -> Response:
    return Response(status.phrase, status, mimetype="text/plain")
