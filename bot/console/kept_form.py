"""Keeps what was typed when a session ended meanwhile: it survives the log-in and is sent again."""

import json
from typing import cast

from flask import Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from bot.security import from_our_own_page, safe_next

Fields = list[tuple[str, str]]
NEVER_KEPT = ("csrf_token", "kept", "next")


def ask_to_log_in() -> ResponseReturnValue:
    """Answer a request of nobody: to the log-in page, with the form in hand when one was sent."""
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("auth.login", next=safe_next(request.full_path.rstrip("?"))))
    return login_page(next_page=safe_next(request.path), kept=fields_of_request(), status=401)


def login_page(
    *, next_page: str | None, kept: Fields, status: int = 200, error: str = "", login: str = ""
) -> Response:
    """Show the log-in form; `kept` and `next_page` travel through it."""
    page = render_template(
        "public/login.html",
        next_page=next_page,
        kept=json.dumps(kept),
        has_kept=bool(kept),
        error=error,
        login=login,
    )
    return make_response(page, status)


def resume_page(next_page: str, kept: Fields, status: int = 200) -> Response:
    """Show that a form is still there, with a button that sends it; never by itself."""
    return make_response(render_template("public/resume.html", action=next_page, kept=kept), status)


def fields_of_request() -> Fields:
    """Return the fields of the form just sent.

    Only of our own pages: else a stranger's page could have an operator send a form it filled in.
    """
    return _keepable(request.form) if from_our_own_page() else []


def _keepable(form: MultiDict[str, str]) -> Fields:
    return [
        (name, value)
        for name, value in form.items(multi=True)
        if name not in NEVER_KEPT and "password" not in name
    ]


def read(text: str | None) -> Fields:
    """Return the fields that a log-in form carried; nothing when they are not as we wrote them."""
    if not text or not from_our_own_page():
        return []
    try:
        pairs = json.loads(text)
    except ValueError:
        return []
    return cast(Fields, pairs) if _is_fields(pairs) else []


def _is_fields(pairs: object) -> bool:
    return isinstance(pairs, list) and all(
        isinstance(pair, list)
        and len(cast(list[object], pair)) == 2
        and all(isinstance(x, str) for x in cast(list[object], pair))
        for pair in cast(list[object], pairs)
    )
