"""The areas of a rich menu: what each shows and does, checked before LINE sees it."""

import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode, urlsplit

from bot.line.handlers.asked import Action
from bot.line.menu_icons import ICONS
from segments.errors import Invalid

LABEL_LONGEST = 20
TEXT_LONGEST = 300
URL_LONGEST = 1000
SCHEMES = ("https", "http", "tel")
"""What a tap may open; nothing that could run on the friend's phone."""
_PHONE = re.compile(r"[0-9+()\-]{3,20}")


class Does(StrEnum):
    """What a tap on an area does."""

    FUNCTION = "function"
    URL = "url"
    TEXT = "text"


FUNCTIONS = (
    Action.COUPONS,
    Action.POINTS,
    Action.CLAIM,
    Action.STAFF,
    Action.REFERRAL,
    Action.ENTER_REFERRAL,
    Action.LINK_MEMBER,
    Action.BOUGHT,
    Action.HOW_TO_BUY,
    Action.HOURS,
    Action.SETTINGS,
    Action.MENU,
)
"""What the bot does when asked by a button of the menu."""


@dataclass(frozen=True)
class Area:
    """One area: what stands on it and what a tap does."""

    label: str
    icon: str
    does: str
    value: str
    """Of a function its name, else the address or the text."""

    def as_json(self) -> dict[str, str]:
        """As it is stored."""
        return asdict(self)

    def action(self) -> dict[str, Any]:
        """Return the action as LINE wants it."""
        if self.does == Does.URL:
            return {"type": "uri", "label": self.label, "uri": self.value}
        if self.does == Does.TEXT:
            return {"type": "message", "label": self.label, "text": self.value}
        data = urlencode({"action": self.value})
        return {"type": "postback", "label": self.label, "data": data, "displayText": self.label}


def read(stored: dict[str, Any]) -> Area:
    """Return an area as it was stored."""
    return Area(*(str(stored.get(name, "")) for name in ("label", "icon", "does", "value")))


def check(area: Area) -> None:
    """Raise Invalid for the first thing that is wrong; its params name the `part` of the area."""
    if not area.label:
        raise Invalid("menu_label_missing", part="label")
    if len(area.label) > LABEL_LONGEST or "\n" in area.label:
        raise Invalid("menu_label_too_long", part="label", limit=LABEL_LONGEST)
    if area.icon not in ICONS:
        raise Invalid("menu_icon_unknown", part="icon")
    if area.does == Does.FUNCTION:
        if area.value not in FUNCTIONS:
            raise Invalid("menu_function_missing", part="function")
    elif area.does == Does.TEXT:
        if not 1 <= len(area.value) <= TEXT_LONGEST:
            raise Invalid("menu_text_missing", part="text", limit=TEXT_LONGEST)
    elif area.does == Does.URL:
        _check_url(area.value)
    else:
        raise Invalid("menu_function_missing", part="does")


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in SCHEMES and len(url) <= URL_LONGEST and not re.search(r"\s", url)
        whole = bool(_PHONE.fullmatch(parts.path)) if parts.scheme == "tel" else bool(parts.hostname)
    except ValueError:
        fits = whole = False
    if not (fits and whole):
        raise Invalid("menu_url_bad", part="url", limit=URL_LONGEST)
