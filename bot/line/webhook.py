"""`POST /webhook`: check the signature, store the events, answer. Nothing else happens in the request."""

from http import HTTPStatus
from weakref import finalize

import structlog
from flask import Blueprint, Flask, Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import RequestEntityTooLarge

from bot.line import doorbell
from bot.line.raw_events import Unreadable, rows_in
from bot.line.signature import HEADER, is_genuine
from bot.line.storing import Store
from bot.services import Services, attach, current_services

BODY_BYTES = 2 * 1024 * 1024
PATH = "/webhook"
STORE = "kokyaku_webhook_store"

log = structlog.get_logger(__name__)
bp = Blueprint("webhook", __name__)


def register(app: Flask) -> None:
    """Put the webhook into a web application."""
    app.register_blueprint(bp)


def application(services: Services) -> Flask:
    """Make an application of nothing but the webhook.

    Cookies, languages, form tokens and limits of log-ins are for people and would cost more than all it does itself.
    """
    app = Flask("bot.webhook", static_folder=None)
    attach(app, services)
    register(app)
    return app


@bp.post(PATH)
def receive() -> Response:
    """Take what LINE sends: 200 stored, 401 not LINE's, 400 unreadable, 413 over 2 MB, 500 not stored."""
    services = current_services()
    body = _body()
    if body is None:
        return _answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    secret = services.settings.channel_secret.get_secret_value()
    if not is_genuine(secret, body, request.headers.get(HEADER)):
        log.warning("webhook_refused", reason="signature" if secret else "no_channel_secret")
        return _answer(HTTPStatus.UNAUTHORIZED)
    try:
        rows = rows_in(body, services.clock.now())
    except Unreadable as error:
        log.warning("webhook_unreadable", error=str(error))
        return _answer(HTTPStatus.BAD_REQUEST)
    if rows:
        try:
            _store(services).keep(rows)
        except SQLAlchemyError as error:
            # Anything but 200 lets LINE deliver them again, where redelivery is switched on.
            log.error("webhook_not_stored", error=type(error).__name__, events=len(rows))  # noqa: TRY400 — no quotes
            return _answer(HTTPStatus.INTERNAL_SERVER_ERROR)
        doorbell.of(services.database).set()
    return _answer(HTTPStatus.OK)


def _store(services: Services) -> Store:
    """Return the store that all requests of this application share."""
    found = current_app.extensions.get(STORE)
    # Two may be made by the first two requests; one is kept, and the other has opened nothing yet.
    return found or current_app.extensions.setdefault(STORE, _new_store(services))


def _new_store(services: Services) -> Store:
    made = Store(services.database)
    finalize(current_app._get_current_object(), made.close)  # type: ignore[attr-defined]  # noqa: SLF001 — documented
    return made


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
