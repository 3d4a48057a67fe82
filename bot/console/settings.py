"""The shop's settings: what friends are told of the shop, when it is quiet, what its LINE plan costs."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import formats, shop_changes
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.page import zone_label
from bot.console.shop_form import ShopForm, filled
from bot.i18n import current_language
from bot.services import current_services
from scheduler import quota
from scheduler.quota import Plan
from segments import shop

blueprint = Blueprint("settings", __name__, url_prefix="/console/settings")


@blueprint.get("/")
@requires(*READERS)
def show() -> ResponseReturnValue:
    """Show the settings; who may not change them sees them all the same."""
    with current_services().database.reading() as session:
        stored, plan = shop.load(session), quota.plan_of(session)
    return _page(_form(plan, filled(stored, plan.key)))


@blueprint.post("/")
@requires(*SENDERS)
def save() -> ResponseReturnValue:
    """Save everything, or nothing and tell beside each field what must be mended."""
    services, by = current_services(), current_operator().actor
    with services.database.reading() as session:
        form = _form(quota.plan_of(session), {})
    if not form.validate():
        return _page(form, 422)
    now = services.clock.now()
    with services.database.begin() as session:
        shop_changes.save(session, form.shop(shop.load(session)), by, now)
        shop_changes.choose_plan(session, form.plan.data, by, now)
    flash(_("お店の設定を保存しました。"), "success")
    return redirect(url_for("settings.show"))


def _form(plan: Plan, given: dict[str, object]) -> ShopForm:
    form = ShopForm(data=given)
    known = [each for each in quota.PLANS if each.key != plan.key]
    # The shop's own first among equals: a price agreed otherwise stays what it is.
    offered = sorted([*known, plan], key=lambda each: each.included)
    form.offer([(each.key, _plan_words(each)) for each in offered])
    return form


def _plan_words(plan: Plan) -> str:
    language = current_language()
    words = _(
        "%(name)s: 月額%(price)s（税別）、%(count)s通まで無料",
        name=plan.name_en if language == "en" else plan.name,
        price=formats.yen(plan.monthly_yen, language),
        count=formats.number(plan.included),
    )
    if not plan.extra:
        return words + _("。追加の送信はできません")
    prices = sorted({tier.yen for tier in plan.extra})
    between = "–" if language == "en" else "〜"
    return words + _(
        "、追加は1通%(yen)s円", yen=between.join(f"{price:g}" for price in (prices[0], *prices[1:][-1:]))
    )


def _page(form: ShopForm, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "console/settings.html", form=form, zone=zone_label(), posted=request.method == "POST"
    )
    return page, status
