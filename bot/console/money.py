"""What sending costs: this month's messages and yen, the forecast, the plans, the budget, the comparison with LINE."""

from collections.abc import Container

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import shop_changes
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.money_forms import LimitsForm, PlanForm, plan_filled
from bot.console.money_views import Money, money
from bot.services import current_services
from bot.words import explain
from scheduler import plan_settings
from segments import shop
from segments.errors import KokyakuError, NotFound

blueprint = Blueprint("money", __name__, url_prefix="/console/money")
NEW = "new"


@blueprint.get("/")
@requires(*READERS)
def show() -> ResponseReturnValue:
    """Show the month."""
    with current_services().database.reading() as session:
        settings = shop.load(session)
    given = {"budget": settings.monthly_budget_yen, "approval_above": settings.approval_above}
    return _page(LimitsForm(data=given))


def _page(form: LimitsForm, status: int = 200) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        found: Money = money(session, current_services().clock.now())
    return render_template("console/money.html", money=found, form=form), status


@blueprint.post("/limits")
@requires(*SENDERS)
def save_limits() -> ResponseReturnValue:
    """Set the budget and from how many friends on a second person is asked."""
    services, form = current_services(), LimitsForm()
    if not form.validate():
        return _page(form, 422)
    try:
        with services.database.begin() as session:
            changed = form.shop(shop.load(session))
            shop_changes.save(session, changed, current_operator().actor, services.clock.now())
    except KokyakuError as error:
        form.refuse(error.code, explain(error))
        return _page(form, 422)
    flash(_("保存しました。"), "success")
    return redirect(url_for("money.show"))


@blueprint.route("/plans/<key>", methods=["GET", "POST"])
@requires(*SENDERS)
def plan(key: str) -> ResponseReturnValue:
    """Change a plan to what the shop pays, or add one (`new`)."""
    with current_services().database.reading() as session:
        known = {each.key: each for each in plan_settings.plans(session)}
        is_own = plan_settings.is_own(session, key)
    if key != NEW and key not in known:
        raise NotFound("plan_unknown", key=key)
    form = PlanForm(data=plan_filled(known[key]) if key in known else None)
    if form.is_submitted() and _saved(form, key, known.keys() if key == NEW else ()):
        flash(_("料金プランを保存しました。"), "success")
        return redirect(url_for("money.show"))
    page = render_template("console/money_plan.html", form=form, key=key, is_own=is_own, is_new=key == NEW)
    return page, 422 if form.errors else 200


def _saved(form: PlanForm, key: str, taken: Container[str]) -> bool:
    if not form.validate():
        return False
    services = current_services()
    try:
        with services.database.begin() as session:
            made = form.plan(None if key == NEW else key)
            form.refuse_taken(made.key, taken)
            shop_changes.save_plan(session, made, current_operator().actor, services.clock.now())
    except KokyakuError as error:
        form.refuse(error, explain(error))
        return False
    return True


@blueprint.post("/plans/<key>/remove")
@requires(*SENDERS)
def remove_plan(key: str) -> ResponseReturnValue:
    """Forget a plan of the shop's own."""
    services = current_services()
    try:
        with services.database.begin() as session:
            shop_changes.remove_plan(session, key, current_operator().actor, services.clock.now())
    except KokyakuError as error:
        flash(explain(error), "warning")
    else:
        flash(_("料金プランを元に戻しました。"), "success")
    return redirect(url_for("money.show"))
