"""What a tap does on the page: open a link, fill the input box, or be performed by the simulator."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from bot.simulator.json_types import JsonObject, as_object

_SAFE = {"http", "https", "tel", "line"}


@dataclass(frozen=True)
class Tap:
    """Exactly one of: `open` a URI, `fill` the input box, perform `action`, or show `note`."""

    open: str | None = None
    fill: str | None = None
    action: JsonObject | None = None
    note: str | None = None


def tap_of(value: Any) -> Tap | None:
    """The tap of an action object, None where there is none."""
    action = as_object(value)
    if action is None:
        return None
    if action.get("type") == "uri":
        return link(str(action.get("uri") or action.get("linkUri") or ""))
    return Tap(action=action)


def link(uri: str) -> Tap:
    """A prefilled chat link fills the box, an add-friend link is passed over, others open."""
    parts = urlsplit(uri)
    if parts.netloc == "line.me" and parts.path.startswith("/R/oaMessage/"):
        return Tap(fill=unquote(parts.query))
    if parts.netloc == "line.me" and parts.path.startswith("/R/ti/p/"):
        return Tap(note="ti/p")
    return Tap(open=uri) if parts.scheme.lower() in _SAFE else Tap(note="uri")
