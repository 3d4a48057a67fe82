"""`GET /member-card/<code>.png`: a member code as a picture that LINE shows and the till's camera reads."""

import re
from io import BytesIO

import segno
from flask import Blueprint, Flask, Response, abort

from segments.codes import ALPHABET
from segments.member_cards import LONGEST, SHORTEST

blueprint = Blueprint("member_cards", __name__)

_CODE = re.compile(f"[{ALPHABET}]{{{SHORTEST},{LONGEST}}}")
A_DAY = 86_400


@blueprint.get("/member-card/<code>.png")
def picture(code: str) -> Response:
    """Draw a code; whose it is, or whether it is anybody's, is neither asked nor told."""
    if not _CODE.fullmatch(code):
        abort(404)
    out = BytesIO()
    segno.make(code, error="m", micro=False).save(out, kind="png", scale=12, border=4)
    answer = Response(out.getvalue(), mimetype="image/png")
    answer.headers["Cache-Control"] = f"public, max-age={A_DAY}"
    return answer


def register(app: Flask) -> None:
    """Add the address to the app."""
    app.register_blueprint(blueprint)
