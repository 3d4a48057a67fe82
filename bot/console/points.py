"""Points: how many a purchase earns, how long they last, what one is worth at the till."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console import points_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.typed import Typed
from bot.services import current_services
from segments import point_policy
from segments.point_policy import MOST_DAYS, MOST_POINT_YEN, PointPolicy

blueprint = Blueprint("points", __name__, url_prefix="/console/points")

MOST_YEN = 999_999


@blueprint.get("/")
@requires(*READERS)
def show() -> ResponseReturnValue:
    """Show the rule and how the points stand."""
    with current_services().database.reading() as session:
        policy = point_policy.in_force(session)
    return _page(
        Typed(
            {
                "on": "1" if policy.is_on else "",
                "yen_per_point": str(policy.yen_per_point or 100),
                "expire_days": str(policy.expire_days or ""),
                "point_yen": str(policy.point_yen),
            }
        )
    )


@blueprint.post("/")
@requires(*SENDERS)
def save() -> ResponseReturnValue:
    """Put a rule in force for purchases from now on."""
    services, by = current_services(), current_operator().actor
    typed = Typed(request.form)
    now, is_on = services.clock.now(), typed.is_on("on")
    policy = PointPolicy(
        yen_per_point=typed.number("yen_per_point", MOST_YEN, least=1) if is_on else 0,
        expire_days=typed.number("expire_days", MOST_DAYS, least=1) or None,
        point_yen=typed.number("point_yen", MOST_POINT_YEN),
    )
    if is_on and not policy.yen_per_point and not typed.errors:
        typed.add("yen_per_point", _("何円で1ポイントかを入力してください。"))
    if typed.errors:
        return _page(typed)
    with services.database.begin() as session:
        if policy != point_policy.in_force(session):
            point_policy.save(session, policy, by, now)
            operators.note(session, by, "points_rule_changed", "points", now, **policy.to_json())
    flash(_("ポイントの決まりを保存しました。これからの購入に使われます。"), "success")
    return redirect(url_for("points.show"))


def _page(typed: Typed) -> ResponseReturnValue:
    services = current_services()
    with services.database.reading() as session:
        standing = points_views.standing(session, services.clock.now())
    page = render_template("console/points.html", form=typed, standing=standing)
    return page, 422 if typed.errors else 200
