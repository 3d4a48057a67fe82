"""Two people editing the same settings or the same friend: who saves later is told, loses nothing, and may overwrite on purpose."""

import json
from hashlib import sha256
from typing import Any

from bot.console.typed import Typed
from bot.words import explain
from segments.errors import Conflict

SEEN = "seen"
"""The hidden field that says what stood there when the form was opened."""


def mark(stored: Any) -> str:
    """Return what stored settings are recognised by."""
    written = json.dumps(stored, sort_keys=True, ensure_ascii=False, default=str)
    return sha256(written.encode()).hexdigest()[:16]


def warn_if_changed(form: Typed, stored: Any, code: str = "settings_changed") -> None:
    """Note in the form that somebody else saved meanwhile; sent once more it overwrites what they did."""
    if form.text(SEEN) != mark(stored):
        form.add("", explain(Conflict(code)))
