"""The till's page: coupons used up, and one-time codes that link a member number to a friend."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import formats, operators, qr
from bot.console import till_views
from bot.console.access import COUNTER, current_operator, requires
from bot.console.page import current_shop
from bot.console.till_views import CouponAtTill
from bot.i18n import current_language
from bot.line.links import member_link
from bot.services import current_services
from bot.words import explain
from segments import coupons, members
from segments.errors import KokyakuError

blueprint = Blueprint("till", __name__, url_prefix="/console/till")


@blueprint.get("/")
@requires(*COUNTER)
def show() -> ResponseReturnValue:
    """Ask for a coupon's code and for a member number; show the coupon when a code was given."""
    typed = request.args.get("coupon", "").strip()[:64]
    if not typed:
        return _page()
    try:
        return _page(typed=typed, coupon=_find(typed))
    except KokyakuError as error:
        return _page(typed=typed, coupon_error=explain(error)), 404


def _find(code: str) -> CouponAtTill:
    with current_services().database.reading() as session:
        return till_views.coupon(session, code)


@blueprint.post("/coupon")
@requires(*COUNTER)
def redeem() -> ResponseReturnValue:
    """Use a coupon up; the page it comes back to says when it was used."""
    services, by = current_services(), current_operator().actor
    now, code = services.clock.now(), request.form.get("coupon", "").strip()[:64]
    try:
        with services.database.begin() as session:
            used = coupons.redeem(session, code, by, now).code
            operators.note(session, by, "coupon_redeemed", used, now)
    except KokyakuError as error:
        flash(explain(error), "danger")
        return redirect(url_for("till.show", coupon=code or None))
    coupon = _find(used)
    told = {
        "title": coupon.name(current_language()),
        "amount": formats.yen(coupon.discount_yen, current_language()),
    }
    flash(_("「%(title)s」を使いました。お会計から%(amount)sをお引きください。", **told), "success")
    return redirect(url_for("till.show", coupon=used))


@blueprint.post("/")
@requires(*COUNTER)
def issue() -> ResponseReturnValue:
    """Show a fresh code for a member number."""
    services, number = current_services(), request.form.get("member_number", "").strip()
    try:
        with services.database.begin() as session:
            code = members.issue_link_code(session, number, services.clock.now())
            operators.note(
                session, current_operator().actor, "link_code_issued", number[:64], services.clock.now()
            )
    except KokyakuError as refused:
        return _page(member_number=number, error=explain(refused)), 422
    link = member_link(current_shop().basic_id, code)
    return _page(member_number=number, code=code, picture=qr.svg(link) if link else None)


def _page(**shown: Any) -> str:
    now = current_services().clock.now()
    return render_template("console/till.html", now=now, language=current_language(), **shown)
