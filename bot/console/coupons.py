"""Coupons: what each kind gives and for how long, and how many were used."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console import coupons_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.services import current_services
from segments import coupons
from segments.coupons import CouponTerms

blueprint = Blueprint("coupons", __name__, url_prefix="/console/coupons")

MOST_YEN = 1_000_000
MOST_DAYS = 3650
TITLE = 64
FIELDS = ("title", "title_en", "discount_yen", "valid_days")


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Show every kind of coupon."""
    return _page({}, {})


@blueprint.post("/<key>")
@requires(*SENDERS)
def save(key: str) -> ResponseReturnValue:
    """Change the terms of one kind."""
    services, by = current_services(), current_operator().actor
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    now, errors = services.clock.now(), _mistakes(typed)
    with services.database.reading() as session:
        coupons_views.kind(session, key)
    if errors:
        return _page({key: typed}, {key: errors})
    terms = CouponTerms(
        typed["title"], typed["title_en"], int(typed["discount_yen"]), int(typed["valid_days"])
    )
    with services.database.begin() as session:
        coupons.define(session, key, terms, now)
        operators.note(session, by, "coupon_changed", key, now, yen=terms.discount_yen, days=terms.valid_days)
    flash(_("クーポンを保存しました。"), "success")
    return redirect(url_for("coupons.index"))


def _mistakes(typed: dict[str, str]) -> dict[str, str]:
    errors: dict[str, str] = {}
    if not typed["title"]:
        errors["title"] = _("クーポンの名前を入力してください。")
    for name in ("title", "title_en"):
        if len(typed[name]) > TITLE:
            errors[name] = _("%(limit)s文字以内で入力してください。", limit=TITLE)
    for name, most in (("discount_yen", MOST_YEN), ("valid_days", MOST_DAYS)):
        text = typed[name]
        if not (text.isascii() and text.isdecimal() and len(text) < 8 and 1 <= int(text) <= most):
            errors[name] = _("1から%(most)sまでの数字で入力してください。", most=f"{most:,}")
    return errors


def _page(typed: dict[str, dict[str, str]], errors: dict[str, dict[str, str]]) -> ResponseReturnValue:
    services = current_services()
    with services.database.reading() as session:
        rows = coupons_views.kinds(session, services.clock.now())
    page = render_template(
        "console/coupons.html", rows=rows, typed=typed, errors=errors, most_yen=MOST_YEN, most_days=MOST_DAYS
    )
    return page, 422 if errors else 200
