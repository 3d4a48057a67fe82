"""Addresses of pages that may or may not be there: a link is shown only where its page is."""

from typing import Any

from flask import current_app, url_for


def address(*endpoints: str, **values: Any) -> str:
    """Return the address of the first of these pages that is there; "" when none is."""
    found = next((each for each in endpoints if each in current_app.view_functions), None)
    return url_for(found, **values) if found else ""
