"""One line of a friend's timeline, and what all lines are worded with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import formats
from bot.actors import actor_name
from bot.i18n import N_
from scheduler.timeline_entries import Sort
from segments.shop import Shop

SETTERS = {
    "rule": N_("ルール"),
    "tap": N_("タップ"),
    "import": N_("取り込み"),
    "step": N_("シナリオ"),
    "till": N_("レジ"),
}


@dataclass(frozen=True)
class Line:
    """One thing that happened."""

    at: datetime
    sort: Sort
    title: str
    text: str = ""
    """What was said, quoted as it was."""
    aside: str = ""
    """Why, by whom, on what terms."""
    link: tuple[str, dict[str, Any]] | None = None
    """Endpoint and values of where more of it stands."""


@dataclass(frozen=True)
class Reader:
    session: Session
    shop: Shop
    language: str

    def pick(self, japanese: str | None, english: str | None) -> str:
        return (english or japanese or "") if self.language == "en" else japanese or ""

    def yen(self, amount: int) -> str:
        return formats.yen(amount, self.language)

    def day(self, at: datetime) -> str:
        return formats.day(self.shop.today(at), self.language)

    def who(self, by: str) -> str:
        if by.startswith(("operator:", "api:")) or by in {"cli", "command line"}:
            return actor_name(self.session, by)
        setter = SETTERS.get(by.partition(":")[0])
        return _(setter) if setter else by
