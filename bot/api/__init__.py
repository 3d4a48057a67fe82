"""The JSON API that the shop's till and web shop call."""

from flask import Flask

from bot.api import (
    analyses,
    coupons,
    decisions,
    docs,
    errors,
    friends,
    mail,
    members,
    purchases,
    quota,
    reactions,
    savings,
    scenarios,
    segments,
    tags,
)
from bot.api.access import blueprint
from bot.security import csrf

PARTS = (
    purchases,
    friends,
    mail,
    tags,
    members,
    coupons,
    reactions,
    analyses,
    segments,
    scenarios,
    quota,
    savings,
    docs,
    decisions,
)
"""Imported for their effect: each adds its routes to the one blueprint."""

errors.answer_in_json(blueprint)


def register(app: Flask) -> None:
    """Add /api/v1; callers show a key instead of a form token."""
    csrf.exempt(blueprint)
    app.register_blueprint(blueprint)
