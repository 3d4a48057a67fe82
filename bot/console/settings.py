"""The shop's settings: what friends are told of the shop, when it is closed, what its LINE plan costs."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import formats, shop_changes
from bot.console import editing
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.navigation import menu
from bot.console.shop_form import ShopForm, filled
from bot.i18n import N_, current_language
from bot.services import current_services
from bot.words import explain
from scheduler import quota
from scheduler.quota import Plan
from segments import shop
from segments.errors import Conflict

blueprint = Blueprint("settings", __name__, url_prefix="/console/settings")

HERE = "settings.show"
MEANS = {
    "connection.show": N_("つながっているかの確認、Webhook、友だち追加のQRコード"),
    "money.show": N_("今月の通数と料金、予算、承認、料金プラン"),
    "sending_rules.show": N_("配信停止時間帯、送る回数の上限、信頼貯金、メール"),
    "policies.index": N_("常連・ファンなどになる基準と、変えたときの人数"),
    "staff.index": N_("スタッフの追加、役割、パスワードの再発行"),
    "api_keys.index": N_("POSレジやネットショップとつなぐ鍵"),
    "audit.index": N_("だれが、いつ、何をしたか"),
    "data.show": N_("すべてのデータの書き出しと、友だちの情報の削除"),
}


@blueprint.get("/")
@requires(*READERS)
def show() -> ResponseReturnValue:
    """Show the settings; who may not change them sees them all the same."""
    with current_services().database.reading() as session:
        stored, plan = shop.load(session), quota.plan_of(session)
    given = filled(stored, plan.key)
    return _page(_form(plan, given | {"seen": editing.mark(given)}))


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
        stored = shop.load(session)
        now_there = editing.mark(filled(stored, quota.plan_of(session).key))
        # Who opened no page of ours (a script) saw nothing that could have changed.
        if form.seen.data and form.seen.data != now_there:
            form.seen.data, form.seen.raw_data = now_there, None
            return _page(form, 422, told=explain(Conflict("settings_changed")))
        shop_changes.save(session, form.shop(stored), by, now)
        shop_changes.choose_plan(session, form.plan.data, by, now)
    flash(_("お店の設定を保存しました。"), "success")
    return redirect(url_for("settings.show"))


def _form(plan: Plan, given: dict[str, Any]) -> ShopForm:
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


def _page(form: ShopForm, status: int = 200, told: str = "") -> ResponseReturnValue:
    """Show the form; `told` says at its top why it was not saved."""
    own_zone = current_services().settings.timezone
    page = render_template("console/settings.html", form=form, told=told, own_zone=own_zone, places=_places())
    return page, status


def _places() -> list[tuple[str, str, str]]:
    """Return address, name and description of every other page of the settings that the reader may open."""
    section = next((each for each in menu() if any(place.endpoint == HERE for place in each.places)), None)
    return [
        (place.endpoint, place.label, _(MEANS[place.endpoint]))
        for place in (section.places if section else ())
        if place.endpoint != HERE
    ]
