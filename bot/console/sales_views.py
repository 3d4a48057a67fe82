"""What the pages of sales show: tables with their columns, made alike for the page and for its file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import formats
from bot.i18n import current_language
from segments import cohorts, deciles, next_products, sales_figures
from segments.best_sellers import Measure, SoldProduct
from segments.cohorts import Cohort, Cohorts
from segments.models import Product
from segments.sales_figures import Figures


@dataclass(frozen=True)
class Column:
    """One column: its name, and how its values are written: text, number, yen, share, ratio."""

    name: str
    show: str = "text"


@dataclass(frozen=True)
class Table:
    """One table; None in a cell says that nobody can tell yet, "" is left empty."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    links: Sequence[str] = field(default_factory=tuple[str, ...])
    """Where the first cell of each row leads; empty for nowhere."""


def best_products(figures: Figures, by: Measure, category: str) -> Table:
    """Return what sold best."""
    sold = [each for each in figures.best(by, 1000) if not category or each.category == category][:50]
    rows = [
        (_name(each), each.code, each.category or "—", each.quantity, each.yen, each.buyers) for each in sold
    ]
    names = Column(_("商品")), Column(_("商品コード")), Column(_("カテゴリ"))
    return Table((*names, *_measures()), rows, [each.code for each in sold])


def best_categories(figures: Figures, by: Measure) -> Table:
    """Return the categories that sold best."""
    ranked = sorted(figures.categories, key=lambda each: (-getattr(each, by.value), each.category))
    rows = [(each.category or _("カテゴリなし"), each.quantity, each.yen, each.buyers) for each in ranked]
    return Table((Column(_("カテゴリ")), *_measures()), rows)


def _measures() -> tuple[Column, ...]:
    return Column(_("数量"), "number"), Column(_("金額"), "yen"), Column(_("購入人数"), "number")


def _name(product: SoldProduct | next_products.Follower | Product) -> str:
    return product.name_en if current_language() == "en" and product.name_en else product.name


def weekdays() -> Sequence[str]:
    """Return the names of the days, Monday first."""
    return formats.WEEKDAYS_EN if current_language() == "en" else formats.WEEKDAYS_JA


def hours(figures: Figures) -> Table:
    """Return orders by hour and weekday."""
    orders = figures.times.orders
    columns = (Column(_("時")), *(Column(day, "number") for day in weekdays()))
    return Table(columns, [(f"{hour}:00", *(day[hour] for day in orders)) for hour in range(24)])


def months(figures: Figures) -> Table:
    """Return orders and yen by month."""
    rows = [(month_name(each.month), each.orders, each.yen) for each in figures.times.months]
    return Table((Column(_("月")), Column(_("注文数"), "number"), Column(_("金額"), "yen")), rows)


def month_name(month: date | None) -> str:
    """Return a month as 2026-11; None is all of them."""
    return f"{month:%Y-%m}" if month else _("全体")


def f2(figures: Figures) -> Table:
    """Return the F2 conversion by month of the first purchase."""
    columns = (
        Column(_("はじめて買った月")),
        Column(_("新規の購入者"), "number"),
        Column(_("判定できる人"), "number"),
        Column(_("%(days)s日以内に2回目", days=sales_figures.F2_DAYS), "number"),
        Column(_("F2転換率"), "share"),
    )
    rows = [
        (month_name(each.month), each.newcomers, each.judged, each.converted, each.rate)
        for each in figures.f2
    ]
    return Table(columns, rows)


def cohort_shares(found: Cohorts, months_shown: int) -> Table:
    """Return which share of each cohort bought in each month after its first."""
    columns = (Column(_("はじめて買った月")), Column(_("人数"), "number"), *_offsets(months_shown))
    rows = [
        (month_name(each.month), each.size, *_known(found, each, each.shares(), months_shown))
        for each in reversed(found.rows)
    ]
    return Table(columns, rows)


def _offsets(shown: int, show: str = "share") -> list[Column]:
    return [Column(_("%(n)sか月後", n=offset) if offset else _("当月"), show) for offset in range(shown)]


def _known(found: Cohorts, cohort: Cohort, values: Sequence[float], shown: int) -> list[Any]:
    """Return the months that have begun; those to come are empty."""
    begun = [value for offset, value in enumerate(values[:shown]) if _has_begun(found, cohort, offset)]
    return [*begun, *[""] * (shown - len(begun))]


def _has_begun(found: Cohorts, cohort: Cohort, offset: int) -> bool:
    return offset == 0 or found.is_whole(cohort, offset - 1)


def values(found: Cohorts, months_shown: int) -> Table:
    """Return the LTV so far of each cohort and of all together."""
    columns = (Column(_("はじめて買った月")), Column(_("人数"), "number"), *_offsets(months_shown, "yen"))
    whole = found.value()[:months_shown]
    size = sum(each.size for each in found.rows)
    rows = [(month_name(None), size, *(round(each) for each in whole), *[""] * (months_shown - len(whole)))]
    rows += [
        (
            month_name(each.month),
            each.size,
            *(round(v) if v != "" else "" for v in _known(found, each, each.value(), months_shown)),
        )
        for each in reversed(found.rows)
    ]
    return Table(columns, rows if size else [])


def decile_table(session: Session, now: datetime) -> tuple[Table, date | None]:
    """Return the ten groups of buyers, and the day on which their bounds were measured."""
    bounds = deciles.in_force(session, now)
    columns = (
        Column(_("デシル"), "number"),
        Column(_("これまでの購入金額"), "yen"),
        Column(_("人数"), "number"),
        Column(_("売上"), "yen"),
        Column(_("割合"), "share"),
        Column(_("割合の累計"), "share"),
        Column(_("1人あたり"), "yen"),
    )
    rows = [
        (
            *(each.decile, each.at_least_yen, each.buyers, each.yen),
            *(each.share, each.cumulative_share, round(each.average_yen)),
        )
        for each in deciles.table(session, bounds)
    ]
    return Table(columns, rows), bounds.day


def following(session: Session, code: str) -> tuple[Product | None, Table]:
    """Return a product and what its buyers bought next."""
    product = session.scalar(select(Product).where(Product.code == code)) if code else None
    found = next_products.follows(session, product.id, 50) if product else []
    columns = (
        Column(_("次に買われた商品")),
        Column(_("商品コード")),
        Column(_("人数"), "number"),
        Column(_("割合"), "share"),
        Column(_("リフト値"), "ratio"),
    )
    rows = [(_name(each), each.code, each.went_on, each.share, each.lift) for each in found]
    return product, Table(columns, rows, [each.code for each in found])


def suggestions(session: Session) -> list[Product]:
    """Return products to choose from, those on sale first."""
    query = select(Product).order_by(Product.available.desc(), Product.name, Product.code)
    return list(session.scalars(query.limit(300)))


def kept_cohorts(session: Session, now: datetime) -> Cohorts | None:
    """Return the cohorts; None in a big shop whose cohorts no night has measured yet."""
    if not sales_figures.is_small(session) and not cohorts.is_kept(session):
        return None
    return cohorts.measure(session, now) if sales_figures.is_small(session) else cohorts.load(session, now)
