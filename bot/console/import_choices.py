"""What is chosen for a file that waits: which column is what; and how the file would then be read."""

import re
from typing import Any

from flask import request

from bot.console.page import current_zone
from bot.services import current_services
from segments.errors import Invalid, NotFound
from segments.imports import preview, uploads
from segments.imports.options import ImportOptions
from segments.models import Upload


def look(session: Any, file: Upload) -> preview.Preview | None:
    """Return how the file would be read with what is chosen; None when its bytes are gone."""
    chosen = choices_of(file)
    options = ImportOptions(mapping=chosen["mapping"], zone=current_zone())
    now = current_services().clock.now()
    try:
        with uploads.opened(session, file, beginning=True) as path:
            return preview.preview(path, file.encoding, file.kind, options, now)
    except NotFound:
        return None
    except Invalid as problem:
        return preview.Preview([], [], problem)


def choices_of(file: Upload) -> dict[str, Any]:
    """Return what is chosen: in the address or the form when something stands there, else what was stored."""
    given = request.form if request.method == "POST" else request.args
    names = [value for key, value in given.items(multi=True) if re.fullmatch(r"column-\d+", key)]
    mapping: dict[str, str] = {}
    stored: dict[str, Any] = {"mapping": mapping, "create_products": False, "round_yen": False} | file.choices
    if not names:
        return stored
    fields = [value for key, value in given.items(multi=True) if re.fullmatch(r"field-\d+", key)]
    pairs = zip(names, fields, strict=False)
    known = {"", *preview.FIELDS[file.kind].headers}
    return {
        "mapping": {name: field for name, field in pairs if name and field in known},
        "create_products": bool(given.get("create_products")),
        "round_yen": bool(given.get("round_yen")),
    }
