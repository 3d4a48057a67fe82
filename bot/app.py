"""The web application: every blueprint, with the services it is handed."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from bot import api, console, health, i18n, member_cards, metrics, picture_serving, security, tracked_links
from bot.line import webhook
from bot.mail import unsubscribing
from bot.services import Services, attach
from bot.wiring import secret_key
from segments.leaves.node import BIGGEST_ID

WEBHOOK = "kokyaku_webhook"
"""Where the app keeps the application that answers LINE before it."""
BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of a request at most: a CSV of friends is the largest; the webhook has a smaller limit of its own."""


class Id(IntegerConverter):
    """A number in an address: one larger than any row can have is as unknown as the largest, and no error of the database."""

    def to_python(self, value: str) -> int:
        """Return the number, or the largest there can be."""
        return min(super().to_python(value), BIGGEST_ID)


def create_app(services: Services) -> Flask:
    """Make the app of one web process: webhook, console, API, tracked links, health."""
    app = Flask("bot", template_folder="../templates", static_folder="static")
    app.url_map.converters["int"] = Id
    app.config["SECRET_KEY"] = secret_key(services.settings)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    if services.settings.public_url:
        # Behind the tunnel or proxy that the public address names, the client's address is in a header.
        app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    attach(app, services)
    open_to_all = (health, tracked_links, member_cards, picture_serving, unsubscribing)
    for part in (i18n, security, *open_to_all, api, console):
        part.register(app)
    app.extensions[WEBHOOK] = webhook.application(services)
    _put_before(app, app.extensions[WEBHOOK], webhook.PATH)
    return app


def _put_before(app: Flask, first: Flask, path: str) -> None:
    """Let `first` answer what is asked at `path`, and `app` everything else."""
    metrics.time_too(first, beside=app)
    rest = app.wsgi_app

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = first.wsgi_app if environ.get("PATH_INFO") == path else rest
        return asked(environ, start_response)

    app.wsgi_app = answer  # type: ignore[method-assign]
