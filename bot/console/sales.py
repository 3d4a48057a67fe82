"""Analysis of sales: best sellers, when they are bought, what is bought next, F2, cohorts, LTV, deciles."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from bot import operators
from bot.console import sales_page, sales_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.sales_views import Table
from bot.security import safe_next
from bot.services import current_services
from bot.words import explain
from scheduler.jobs import Job
from segments import analyses_asked, sales_figures
from segments.best_sellers import Measure
from segments.errors import Invalid
from segments.sales_figures import Figures

blueprint = Blueprint("sales", __name__, url_prefix="/console/sales")
MONTHS = 13
"""Months shown of each cohort: the first and a year."""


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Show what sold best."""
    by = _measure()
    category, of_categories = request.args.get("category", "")[:64], request.args.get("of") == "categories"

    def tables(figures: Figures) -> dict[str, Any]:
        best = (
            sales_views.best_categories(figures, by)
            if of_categories
            else sales_views.best_products(figures, by, category)
        )
        return {"table": best}

    return sales_page.in_period(
        "sales.html", "best-sellers", lambda figures: tables(figures) | _choice(by, category, of_categories)
    )


def _choice(by: Measure, category: str, of_categories: bool) -> dict[str, Any]:
    return {"by": by, "category": category, "of_categories": of_categories}


def _measure() -> Measure:
    try:
        return Measure(request.args.get("by", Measure.YEN))
    except ValueError:
        return Measure.YEN


@blueprint.get("/times")
@requires(*READERS)
def times() -> ResponseReturnValue:
    """Show when it is bought."""

    def tables(figures: Figures) -> dict[str, Any]:
        by_hour, by_month = sales_views.hours(figures), sales_views.months(figures)
        monthly = request.args.get("of") == "months"
        most = max((max(day) for day in figures.times.orders), default=0)
        return {
            "table": by_month if monthly else by_hour,
            "hours": by_hour,
            "months": by_month,
            "most": most,
        }

    return sales_page.in_period("sales_times.html", "times", tables)


@blueprint.get("/next")
@requires(*READERS)
def following() -> ResponseReturnValue:
    """Show what buyers of a product bought next."""
    code = request.args.get("product", "").strip()[:64]
    with current_services().database.reading() as session:
        product, table = sales_views.following(session, code)
        goods = sales_views.suggestions(session)
    if product and request.args.get("format") == "csv":
        return sales_page.file(f"next-{product.code}", table)
    return sales_page.page("sales_next.html", product=product, table=table, goods=goods, code=code)


@blueprint.get("/repeating")
@requires(*READERS)
def repeating() -> ResponseReturnValue:
    """Show the F2 conversion and the repeat rate."""
    return sales_page.in_period(
        "sales_repeating.html",
        "f2",
        lambda figures: {"table": sales_views.f2(figures), "days": sales_figures.F2_DAYS},
    )


@blueprint.get("/cohorts")
@requires(*READERS)
def cohorts() -> ResponseReturnValue:
    """Show which share of each month's newcomers bought in the months after."""
    return _of_cohorts("sales_cohorts.html", "cohorts", sales_views.cohort_shares)


@blueprint.get("/values")
@requires(*READERS)
def values() -> ResponseReturnValue:
    """Show what a friend of each cohort spent so far."""
    return _of_cohorts("sales_values.html", "ltv", sales_views.values)


def _of_cohorts(template: str, name: str, made: Callable[[Any, int], Table]) -> ResponseReturnValue:
    services = current_services()
    with services.database.reading() as session:
        found = sales_views.kept_cohorts(session, services.clock.now())
    table = made(found, MONTHS) if found else None
    if table and request.args.get("format") == "csv":
        return sales_page.file(name, table)
    whole = found.value()[:MONTHS] if found else []
    return sales_page.page(template, found=found, table=table, whole=whole, day=found.day if found else None)


@blueprint.get("/deciles")
@requires(*READERS)
def deciles() -> ResponseReturnValue:
    """Show buyers in ten groups by what they spent."""
    services = current_services()
    with services.database.reading() as session:
        table, day = sales_views.decile_table(session, services.clock.now())
    if request.args.get("format") == "csv":
        return sales_page.file("deciles", table)
    return sales_page.page("sales_deciles.html", table=table, day=day)


@blueprint.post("/recompute")
@requires(*SENDERS)
def recompute() -> ResponseReturnValue:
    """Have the figures made anew: all that each night makes, or one period of somebody's own."""
    services, by = current_services(), current_operator().actor
    key, now = request.form.get("key", ""), services.clock.now()
    try:
        with services.database.begin() as session:
            asked = analyses_asked.ask(session, key, now)
            if asked is not None:
                services.queue.enqueue(session, Job.ANALYSE, f"analyse:{asked.attempt}", asked.attempt)
                operators.note(session, by, "analysis_asked", key or "all", now)
    except Invalid as problem:
        flash(explain(problem), "danger")
    return redirect(safe_next(request.form.get("next")) or url_for("sales.index"))


@blueprint.get("/progress")
@requires(*READERS)
def progress() -> ResponseReturnValue:
    """Tell the page how far the work is."""
    services = current_services()
    with services.database.reading() as session:
        asked = analyses_asked.last(session)
    live = asked is not None and asked.is_live(services.clock.now())
    done, total = (asked.done, asked.total) if asked else (0, 0)
    return jsonify(live=live, phase="recording", done=done, total=total)
