"""The web application: every blueprint, with the services it is handed."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from bot import api, console, health, i18n, security, tracked_links
from bot.line import webhook
from bot.services import Services, attach
from bot.wiring import secret_key

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of a request at most: a CSV of friends is the largest; the webhook has a smaller limit of its own."""


def create_app(services: Services) -> Flask:
    """Make the app of one web process: webhook, console, API, tracked links, health."""
    app = Flask("bot", template_folder="../templates", static_folder="static")
    app.config["SECRET_KEY"] = secret_key(services.settings)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    if services.settings.public_url:
        # Behind the tunnel or proxy that the public address names, the client's address is in a header.
        app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    attach(app, services)
    for part in (i18n, security, webhook, health, tracked_links, api, console):
        part.register(app)
    return app
