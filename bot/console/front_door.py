"""The bare address of the server: whoever types it means the console."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

blueprint = Blueprint("front_door", __name__)


@blueprint.get("/")
def show() -> ResponseReturnValue:
    """Lead to the console, which asks to log in first; a path of its own would tell a stranger no more than that."""
    return redirect(url_for("home.show"))
