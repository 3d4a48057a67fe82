"""The console: the pages on which operators run the shop's LINE."""

from flask import Flask
from flask_bootstrap import Bootstrap5

from bot.console import (
    access,
    account,
    approving,
    auth,
    broadcasts,
    complaints,
    coupons,
    errors,
    friends,
    home,
    money,
    page,
    parked,
    questions,
    scenario_pages,
    scenario_steps,
    scenarios,
    settings,
    steps,
    stopping,
    till,
    watching,
)

BLUEPRINTS = (
    home.blueprint,
    friends.blueprint,
    broadcasts.blueprint,
    watching.blueprint,
    approving.blueprint,
    money.blueprint,
    stopping.blueprint,
    questions.blueprint,
    complaints.blueprint,
    parked.blueprint,
    account.blueprint,
    till.blueprint,
    scenarios.blueprint,
    scenario_pages.blueprint,
    scenario_steps.blueprint,
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
