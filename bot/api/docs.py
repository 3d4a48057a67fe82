"""The API's description for machines, and a page to read and try it, made of local files alone."""

from flask import jsonify, render_template, send_from_directory
from flask.typing import ResponseReturnValue
from swagger_ui_bundle import swagger_ui_path

from bot.api.access import blueprint
from bot.api.openapi import description

ASSETS = frozenset({"swagger-ui.css", "swagger-ui-bundle.js"})


@blueprint.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    """Return the description; it holds nothing that needs a key."""
    return jsonify(description())


@blueprint.get("/docs")
def docs() -> ResponseReturnValue:
    """Show the description as a page."""
    return render_template("public/api_docs.html")


@blueprint.get("/docs/<path:name>")
def asset(name: str) -> ResponseReturnValue:
    """Return a file of Swagger UI, out of its wheel."""
    return send_from_directory(str(swagger_ui_path), name if name in ASSETS else "missing")
