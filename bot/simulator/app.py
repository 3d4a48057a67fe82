"""Builds the simulator as a Flask application."""

from pathlib import Path

from flask import Flask

from bot.simulator import gate, phone
from bot.simulator.config import SimulatorConfig
from bot.simulator.control import figures as control_figures
from bot.simulator.control import people as control_people
from bot.simulator.control import settings as control_settings
from bot.simulator.line import content, figures, friends, menu_links, menus, narrowcast, oauth, send, webhook
from bot.simulator.platform import EXTENSION, Platform
from bot.simulator.tap_view import tap_of

_TEMPLATES = Path(__file__).parents[2] / "templates" / "simulator"


def create_simulator(config: SimulatorConfig) -> Flask:
    """One simulated channel; `app.extensions[EXTENSION]` holds its Platform, to be closed at the end."""
    app = Flask(__name__, template_folder=str(_TEMPLATES), static_folder="static")
    app.extensions[EXTENSION] = Platform(config)
    for part in (oauth, send, narrowcast, figures, friends, menus, menu_links, webhook, content, phone):
        app.register_blueprint(part.bp)
    for control in (control_people, control_figures, control_settings):
        app.register_blueprint(control.bp)
    app.add_template_global(tap_of, "taps")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    gate.install(app)
    return app
