"""`/m/unsubscribe/<token>`: a friend refuses further mail, on a page or with one tap in the mail program (RFC 8058)."""

from http import HTTPStatus

from flask import Blueprint, Flask, current_app, make_response, render_template
from flask.typing import ResponseReturnValue

from bot.mail.composing import PATH, Unsubscribing
from bot.security import csrf
from bot.services import current_services
from scheduler import mail_settings
from segments import mail_consent
from segments.errors import NotFound

blueprint = Blueprint("mail_unsubscribing", __name__)


@blueprint.get(f"{PATH}<token>")
def ask(token: str) -> ResponseReturnValue:
    """Show a page with a button: programs that look at links in mails must not unsubscribe anybody."""
    if _friend_of(token) is None:
        return _page("public/link_gone.html", HTTPStatus.NOT_FOUND)
    return _page("public/mail_unsubscribe.html", HTTPStatus.OK, done=False)


@blueprint.post(f"{PATH}<token>")
def refuse(token: str) -> ResponseReturnValue:
    """End the friend's mail; told twice, or after the friend is gone, it is as true as before."""
    friend_id = _friend_of(token)
    if friend_id is None:
        return _page("public/link_gone.html", HTTPStatus.NOT_FOUND)
    services = current_services()
    try:
        with services.database.begin() as session:
            mail_consent.refuse(session, friend_id, services.clock.now())
    except NotFound:
        pass  # Nobody is left to be written to.
    return _page("public/mail_unsubscribe.html", HTTPStatus.OK, done=True)


def _friend_of(token: str) -> int | None:
    return Unsubscribing(current_services().settings.public_url, str(current_app.secret_key)).read(token)


def _page(template: str, status: HTTPStatus, **known: object) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        name = mail_settings.load(session).name
    response = make_response(render_template(template, shop_name=name, **known), status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def register(app: Flask) -> None:
    """Add the page: open to everybody, for the token says who it is, and a mail program posts without our form."""
    csrf.exempt(blueprint)
    app.register_blueprint(blueprint)
