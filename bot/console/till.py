"""The till's page: a sale recorded with one tap, coupons used up, member numbers linked."""

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import formats, operators, qr
from bot.console import till_form, till_receipts, till_views
from bot.console.access import COUNTER, current_operator, requires
from bot.console.page import current_shop
from bot.console.till_form import Basket
from bot.console.till_views import CouponAtTill
from bot.i18n import current_language
from bot.line.links import member_link
from bot.services import current_services
from bot.words import explain
from segments import coupons, members, till_bill, till_sales
from segments.errors import KokyakuError

blueprint = Blueprint("till", __name__, url_prefix="/console/till")

CAMERA = "camera=(self), geolocation=(), microphone=()"
"""The till alone may use the camera: it reads codes."""
FIELD_OF = {
    "points_insufficient": "points",
    "points_too_many": "points",
    "coupon_of_another": "use",
    "coupon_redeemed": "use",
    "coupon_expired": "use",
    "coupon_unknown": "use",
}


def _source() -> str:
    """Return how this operator's sales are named in the purchases."""
    return f"till:{current_operator().id}"


@blueprint.get("/")
@requires(*COUNTER)
def show() -> ResponseReturnValue:
    """Show the till with what stands in the address: who, what, a coupon, points; or a coupon that is looked up."""
    typed = request.args.get("coupon", "").strip()[:64]
    if not typed:
        return _page()
    try:
        return _page(typed=typed, coupon=_find(typed))
    except KokyakuError as error:
        return _page(typed=typed, coupon_error=explain(error), status=404)


def _find(code: str) -> CouponAtTill:
    with current_services().database.reading() as session:
        return till_views.coupon(session, code)


@blueprint.post("/look")
@requires(*COUNTER)
def look() -> ResponseReturnValue:
    """Look somebody or something up with what is typed so far; the address keeps it all."""
    basket = till_form.read(request.form)
    if basket.wrong:
        return _page(basket=basket, status=422)
    return redirect(url_for("till.show", **basket.address()))


@blueprint.post("/sale")
@requires(*COUNTER)
def sell() -> ResponseReturnValue:
    """Record the sale; a second tap finds it recorded."""
    basket = till_form.read(request.form)
    if basket.wrong:
        return _page(basket=basket, status=422)
    try:
        order_id = _recorded(basket)
    except KokyakuError as refused:
        return _page(basket=basket, refused=_told(refused), status=422)
    return redirect(url_for("till.show", sold=order_id))


def _recorded(basket: Basket) -> str:
    try:
        return _record(basket)
    except KokyakuError as refused:
        # Two taps at the very same moment: the other one's sale is there now.
        if refused.code not in ("order_differs", "points_cause_used", "coupon_redeemed"):
            raise
        return _record(basket)


def _record(basket: Basket) -> str:
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    with services.database.begin() as session:
        customer = till_views.customer(session, basket.who, now, basket.unlinked) if basket.who else None
        owner = (customer.friend_id, customer.member_number) if customer else (None, None)
        sale = till_sales.record(session, basket.sale(*owner), _source(), by, now)
        if sale.created:
            details = {"yen": sale.purchase.amount_yen, "friend": sale.purchase.friend_id}
            operators.note(session, by, "sale_recorded", sale.purchase.order_id, now, **details)
        return sale.purchase.order_id


def _told(refused: KokyakuError) -> dict[str, str]:
    if refused.code == "owner_missing":
        return {"who": _("だれのお買い物かを、会員コードか会員番号で入力してください。")}
    return {FIELD_OF.get(refused.code, ""): explain(refused)}


@blueprint.post("/undo")
@requires(*COUNTER)
def undo() -> ResponseReturnValue:
    """Take back a sale of one's own."""
    services, by = current_services(), current_operator().actor
    order_id, now = request.form.get("order_id", ""), services.clock.now()
    try:
        with services.database.begin() as session:
            sale = till_sales.undo(session, order_id, _source(), by, now)
            operators.note(session, by, "sale_undone", order_id[:128], now, yen=sale.amount_yen)
    except KokyakuError as refused:
        flash(explain(refused), "danger")
        return redirect(url_for("till.show"))
    return redirect(url_for("till.show", sold=order_id))


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
        return _page(member_number=number, error=explain(refused), status=422)
    link = member_link(current_shop().basic_id, code)
    return _page(member_number=number, code=code, picture=qr.svg(link) if link else None)


def _page(basket: Basket | None = None, status: int = 200, **shown: Any) -> ResponseReturnValue:
    now = current_services().clock.now()
    basket = basket or till_form.read(request.args)
    with current_services().database.reading() as session:
        till = _till(session, basket)
    page = render_template(
        "console/till.html", now=now, language=current_language(), basket=basket, **till, **shown
    )
    answer = make_response(page, status)
    answer.headers["Permissions-Policy"] = CAMERA
    return answer


def _till(session: Session, basket: Basket) -> dict[str, Any]:
    """Return what the page shows of the shop and of who stands there."""
    now = current_services().clock.now()
    customer = till_views.customer(session, basket.who, now, basket.unlinked) if basket.who else None
    bill, problem = None, ""
    if customer and (basket.items or basket.other) and not basket.wrong:
        try:
            sale = basket.sale(customer.friend_id, customer.member_number)
            bill = till_bill.bill(session, sale, now)
        except KokyakuError as refused:
            problem = explain(refused)
    sold = request.args.get("sold", "")[:128]
    return {
        "customer": customer,
        "goods": till_views.goods(session, basket.words, list(basket.items)),
        "rule": till_views.rule(session),
        "bill": bill,
        "bill_problem": problem,
        "sales": till_receipts.today(session, _source(), now),
        "receipt": till_receipts.receipt(session, sold, _source(), now) if sold else None,
    }
