"""`GET /p/<token>/<size>.<kind>`: a picture of a message, for LINE's servers and friends' phones, which have no log-in."""

from http import HTTPStatus

from flask import Blueprint, Flask, Response, request
from flask.typing import ResponseReturnValue

from bot import picture_addresses, pictures
from bot.models import PictureSize
from bot.services import current_services

blueprint = Blueprint("picture_serving", __name__)

FOREVER = 365 * 24 * 3600


@blueprint.get(f"{picture_addresses.PATH}<token>/<name>")
def show(token: str, name: str) -> ResponseReturnValue:
    """Return the bytes of a picture; 404 for whatever is none."""
    named = picture_addresses.FILE.fullmatch(name)
    content = None
    if named is not None:
        with current_services().database.reading() as session:
            content = pictures.file(session, token, PictureSize(named[1]), named[2])
    if named is None or content is None:
        return _nothing()
    response = Response(content, content_type=picture_addresses.TYPES[named[2]])
    # What stands at an address never changes: LINE, proxies and phones need ask but once.
    response.headers["Cache-Control"] = f"public, max-age={FOREVER}, immutable"
    response.headers["Content-Disposition"] = "inline"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Robots-Tag"] = "noindex"
    response.set_etag(f"{token}-{name}")
    return response.make_conditional(request)


def _nothing() -> Response:
    response = Response("", HTTPStatus.NOT_FOUND, content_type="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response


def register(app: Flask) -> None:
    """Add /p/<token>/…: open to everybody who was told the token."""
    app.register_blueprint(blueprint)
