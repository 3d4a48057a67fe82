"""What every page of the sales analysis has: its tabs, its period, its address, and its file."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot.console import products_views, sheets
from bot.console.sales_views import Table
from bot.i18n import N_, current_language
from bot.services import current_services
from bot.words import explain
from segments import analyses_asked, sales_figures, shop
from segments.errors import Invalid
from segments.sales_figures import Figures, Period

TABS = {
    "sales.index": N_("売れ筋"),
    "sales.times": N_("曜日・時間帯"),
    "sales.following": N_("次に買われた商品"),
    "sales.repeating": N_("F2・リピート"),
    "sales.cohorts": N_("コホート"),
    "sales.values": N_("LTV"),
    "sales.deciles": N_("デシル分析"),
}
PERIODS = {"30": N_("30日"), "90": N_("90日"), "365": N_("1年"), "all": N_("全期間")}
KNOWN = ("period", "since", "until", "by", "category", "of", "product")
"""What may stand in an address."""


def _period(session: Session, now: datetime) -> Period:
    """Return the period that the address names, a quarter of a year when it names none that can be."""
    today = shop.load(session).today(now)
    since, until = request.args.get("since", ""), request.args.get("until", "")
    try:
        if since or until:
            return sales_figures.between(date.fromisoformat(since), date.fromisoformat(until))
        return sales_figures.usual(request.args.get("period", "90"), today)
    except Invalid as problem:
        flash(explain(problem), "warning")
    except (ValueError, KeyError):
        flash(_("期間を正しく入力してください。"), "warning")
    return sales_figures.usual("90", today)


def in_period(template: str, name: str, tables: Callable[[Figures], dict[str, Any]]) -> ResponseReturnValue:
    """Show figures of the period; `tables` makes of them what the template shows, `table` being the file's."""
    services = current_services()
    now = services.clock.now()
    with services.database.reading() as session:
        period = _period(session, now)
        loaded = sales_figures.load(session, period, now)
        shown = tables(loaded[0]) if loaded else {}
        categories = products_views.category_names(session)
    if loaded and request.args.get("format") == "csv":
        return file(f"{name}-{period.key}", shown["table"])
    return page(
        template,
        period=period,
        figures=loaded[0] if loaded else None,
        as_of=loaded[1] if loaded else None,
        categories=categories,
        **shown,
    )


def page(template: str, **shown: Any) -> str:
    """Show a page of the analysis."""
    services = current_services()
    now = services.clock.now()
    with services.database.reading() as session:
        asked = analyses_asked.last(session)
        is_small = sales_figures.is_small(session)
    return render_template(
        f"console/{template}",
        tabs=TABS,
        periods=PERIODS,
        asked=asked,
        is_live=asked is not None and asked.is_live(now),
        is_small=is_small,
        language=current_language(),
        address=_address,
        **shown,
    )


def _address(**changed: Any) -> str:
    """Return this page with something else in its address."""
    known = {key: request.args[key] for key in KNOWN if key in request.args}
    given: dict[str, Any] = {key: value for key, value in (known | changed).items() if value is not None}
    return url_for(request.endpoint or "sales.index", **given)


def file(name: str, table: Table) -> ResponseReturnValue:
    """Hand a table out as CSV."""
    return sheets.csv_response(f"kokyaku-{name}", [each.name for each in table.columns], table.rows)
