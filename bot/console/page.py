"""What every page knows: the shop's zone and name, how moments and money are written, the navigation."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, g, request
from flask_babel import gettext as _
from flask_login import current_user

from bot import formats
from bot.actors import actor_name
from bot.console.access import CurrentOperator, here
from bot.i18n import current_language
from bot.services import current_services
from bot.words import role_name
from scheduler import kill_switch
from segments import shop
from segments.ladder_rules import LadderName
from segments.ladder_words import ladder_name, rung_name


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


NEIGHBOURS = {
    ("broadcasts", "watching"),
    ("scenarios", "steps"),
    ("scenarios", "scenario"),
    ("scenarios", "scenario_steps"),
    ("broadcasts", "approving"),
}
"""Pages that belong to the place of another blueprint."""


@dataclass(frozen=True)
class Place:
    """One entry of the navigation."""

    endpoint: str
    label: str

    @property
    def active(self) -> bool:
        """Whether the page shown belongs to it."""
        own = self.endpoint.partition(".")[0]
        return request.blueprint == own or (own, request.blueprint) in NEIGHBOURS


def places() -> list[Place]:
    """Return what the one who is logged in may open."""
    found = [
        Place("home.show", _("ホーム")),
        Place("friends.index", _("友だち")),
        Place("broadcasts.index", _("一斉配信")),
        Place("scenarios.index", _("シナリオ")),
        Place("questions.index", _("質問")),
        Place("parked.index", _("保留中の通知")),
        Place("coupons.index", _("クーポン")),
        Place("money.show", _("通数と料金")),
        Place("settings.show", _("お店の設定")),
        Place("stopping.show", _("緊急停止")),
    ]
    operator: CurrentOperator = current_user
    till = [Place("till.show", _("レジ"))] if operator.can_serve else []
    return (found if operator.can_read else []) + till


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
    _share(app, current_stop=current_stop, stopped_by=stopped_by)
    _share(
        app, places=places, zone_label=zone_label, current_shop=current_shop, here=here, role_name=role_name
    )
