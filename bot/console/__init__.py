"""The console: the pages on which operators run the shop's LINE."""

from flask import Flask
from flask_bootstrap import Bootstrap5

from bot.console import (
    access,
    account,
    auth,
    broadcasts,
    complaints,
    coupons,
    errors,
    friends,
    home,
    page,
    parked,
    questions,
    scenarios,
    settings,
    steps,
    till,
    watching,
)

BLUEPRINTS = (
    home.blueprint,
    friends.blueprint,
    broadcasts.blueprint,
    watching.blueprint,
    questions.blueprint,
    complaints.blueprint,
    parked.blueprint,
    account.blueprint,
    till.blueprint,
    scenarios.blueprint,
    steps.blueprint,
    coupons.blueprint,
    settings.blueprint,
)


def register(app: Flask) -> None:
    """Add the console to an app that has its services, languages (bot.i18n) and safety (bot.security)."""
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    Bootstrap5(app)
    access.register(app)
    page.register(app)
    auth.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    errors.register(app)
