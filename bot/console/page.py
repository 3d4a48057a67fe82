"""What every page knows: the shop's zone and name, and how moments and money are written."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, g, request

from bot import formats
from bot.actors import actor_name
from bot.console.access import here
from bot.console.navigation import menu
from bot.console.places import address
from bot.i18n import current_language
from bot.services import current_services
from bot.words import role_name
from scheduler import kill_switch
from segments import shop
from segments.ladder_rules import LadderName
from segments.ladder_words import ladder_name, rung_name

THEME_COOKIE = "kokyaku_theme"
"""Of one device, and longer than a log-in: a dark shop stays dark."""


def current_shop() -> shop.Shop:
    """Return the shop's settings, read once a request."""
    if "shop" not in g:
        with current_services().database.reading() as session:
            g.shop = shop.load(session)
    return g.shop


def current_stop() -> kill_switch.Turn | None:
    """Return the turn of the kill switch by which everything stands still; None while all may go."""
    if "stop" not in g:
        with current_services().database.reading() as session:
            g.stop = next(iter(kill_switch.turns(session)), None) if kill_switch.is_stopped(session) else None
            g.stopped_by = actor_name(session, g.stop.by) if g.stop else ""
    return g.stop


def stopped_by() -> str:
    """Return the name of who stopped everything."""
    return g.stopped_by if current_stop() else ""


def current_zone() -> ZoneInfo:
    """Return the zone of the shop's wall clock."""
    return current_shop().zone


def _moment(at: datetime | None) -> str:
    return formats.moment(at, current_zone(), current_language()) if at else "—"


def _day(when: date | None) -> str:
    if isinstance(when, datetime):
        when = when.astimezone(current_zone()).date()
    return formats.day(when, current_language()) if when else "—"


def _ago(at: datetime | None) -> str:
    return formats.ago(current_services().clock.now() - at, current_language()) if at else "—"


def _yen(amount: int) -> str:
    return formats.yen(amount, current_language())


def _rung(rung: str, ladder: str = LadderName.PYRAMID) -> str:
    return rung_name(ladder, rung, current_language())


def _ladder(ladder: str) -> str:
    return ladder_name(ladder, current_language())


def current_theme() -> str:
    """Return the scheme chosen on this device: `light`, `dark`, or "" for the device's own."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in {"light", "dark"} else ""


def zone_label() -> str:
    """Return the name of the shop's zone."""
    return formats.zone_name(current_zone(), current_language())


def _share(app: Flask, **functions: Callable[..., object]) -> None:
    shared: dict[str, Any] = app.jinja_env.globals
    shared.update(functions)


def register(app: Flask) -> None:
    """Hand the filters and functions to the templates."""
    app.jinja_env.filters.update(
        moment=_moment,
        day=_day,
        ago=_ago,
        yen=_yen,
        number=formats.number,
        stage_name=_rung,
        ladder_name=_ladder,
    )
    _share(app, current_stop=current_stop, stopped_by=stopped_by, address=address)
    _share(app, current_theme=current_theme)
    _share(app, menu=menu, zone_label=zone_label, current_shop=current_shop, here=here, role_name=role_name)
