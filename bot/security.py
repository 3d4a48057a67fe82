"""What keeps the web side safe whoever wrote the page: headers, body limits, cookies, CSRF."""

from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect

from bot.services import current_services

CSP = (
    "default-src 'self'; img-src 'self' data: https:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""No inline script, no inline style, nothing from elsewhere but pictures of friends and products."""

HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: over https the CSRF check wants to see that a form came from our own page.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
BODY_LIMIT = 1024 * 1024
UPLOAD_LIMIT = 8 * 1024 * 1024
"""Bytes; a CSV of 100,000 member numbers is about one megabyte."""

csrf = CSRFProtect()
"""Every form is checked; a blueprint that is no form (webhook, API) says `csrf.exempt(blueprint)`."""


def register(app: Flask) -> None:
    """Set cookies, limits, headers and the CSRF check. Comes before every blueprint with forms."""
    with app.app_context():
        secure = current_services().settings.base_url.startswith("https://")
    app.config |= {
        "SESSION_COOKIE_NAME": "kokyaku",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "MAX_CONTENT_LENGTH": BODY_LIMIT,
        # Five carousels of ten cards in two languages are one form.
        "MAX_FORM_PARTS": 4000,
        # A form token lives as long as the session: what was typed overnight is not refused in the morning.
        "WTF_CSRF_TIME_LIMIT": None,
    }
    app.before_request(_widen_for_uploads)
    app.after_request(_add_headers)
    csrf.init_app(app)


def _widen_for_uploads() -> None:
    view = request.endpoint and current_app.view_functions.get(request.endpoint)
    takes: bool | int = getattr(view, "takes_upload", False)
    if takes:
        # More than the usual only from whoever is logged in: the body is read before the view says who may.
        larger = takes is not True and current_user.is_authenticated
        request.max_content_length = int(takes) if larger else UPLOAD_LIMIT


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path.startswith("/console"):
        # A shared computer's back button shows no friend after the log-out.
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def safe_next(target: str | None) -> str | None:
    """Return `target` if it is a page of our console, else None: a log-in leads nowhere else."""
    if not target or "\\" in target or any(ord(letter) < 0x20 for letter in target):
        return None
    parts = urlsplit(target)
    inside = not parts.scheme and not parts.netloc and parts.path.startswith("/console/")
    return target if inside and not target.startswith("//") else None


def from_our_own_page() -> bool:
    """Return whether the browser says that this request was made by a page of ours."""
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site == "same-origin"
    return request.headers.get("Origin") == request.host_url.rstrip("/")
