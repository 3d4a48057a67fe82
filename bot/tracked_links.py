"""`GET /r/<token>`: a friend taps a tracked link; we take note and send them on to where it leads."""

import re
from http import HTTPStatus

import structlog
from flask import Blueprint, Flask, current_app, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from bot.line.inbox import described
from bot.services import current_services
from segments import links
from segments.errors import NotFound
from segments.link_tokens import Tapped, Tracking

log = structlog.get_logger(__name__)

blueprint = Blueprint("tracked_links", __name__)

MACHINES = re.compile(
    r"line-poker|facebookexternalhit|(?<!cu)bot\b|crawler|spider|preview|slurp|curl/|wget/|python-",
    re.IGNORECASE,
)
"""Who fetches a page to show a preview of it: LINE's own is `facebookexternalhit/1.1;line-poker/1.0`.

LINE's browser on a friend's phone says `Line/14.1.0`, and counts; Cubot is a make of phones.
"""
AHEAD_OF_TIME = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


@blueprint.get("/r/<path:token>")
def follow(token: str) -> ResponseReturnValue:
    """Redirect to the link's address, which comes from the database alone; a token that is not ours finds nothing."""
    tapped = _tracking().read(token)
    try:
        if tapped is None:
            raise NotFound("link_unknown")
        url = _url(tapped)
    except NotFound:
        return _uncached(render_template("public/link_gone.html"), HTTPStatus.NOT_FOUND)
    return _uncached(redirect(url, HTTPStatus.FOUND))


def _url(tapped: Tapped) -> str:
    with current_services().database.reading() as session:
        url = links.url_of(session, tapped.link_id)
    if _is_a_tap():
        _count(tapped)
    return url


def _count(tapped: Tapped) -> None:
    services = current_services()
    try:
        with services.database.begin() as session:
            links.tap(session, tapped, services.clock.now())
    except SQLAlchemyError as error:
        # Busy, or its disk is full: the friend wants the page, and need not know that we did not count.
        log.warning("tap_not_counted", link=tapped.link_id, error=described(error))


def _is_a_tap() -> bool:
    """Tell whether a person opens this, rather than a program that looks at where it leads."""
    if request.method != "GET" or MACHINES.search(request.user_agent.string):
        return False
    return not any("pre" in request.headers.get(name, "").lower() for name in AHEAD_OF_TIME)


def _tracking() -> Tracking:
    return Tracking(current_services().settings.public_url, str(current_app.secret_key))


def _uncached(answer: ResponseReturnValue, status: int | None = None) -> ResponseReturnValue:
    response = make_response(answer) if status is None else make_response(answer, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def register(app: Flask) -> None:
    """Add /r/<token>: open to everybody, for friends have no log-in."""
    app.register_blueprint(blueprint)
