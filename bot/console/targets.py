"""Targets: how each figure stands beside what it is to be, set and changed by the shop's owner."""

from datetime import date, timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console import targets_views
from bot.console.access import OWNERS, READERS, current_operator, requires
from bot.console.page import current_zone
from bot.console.typed import Typed
from bot.services import current_services
from bot.words import explain
from scheduler import targets
from scheduler.aim_figures import Measures
from scheduler.targets import MOST, SHARES, Aim, Target
from segments.errors import Invalid

blueprint = Blueprint("targets", __name__, url_prefix="/console/targets")
USUAL = timedelta(days=90)
"""How long a target is given unless another day is chosen."""


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Show every figure a target can be set for."""
    services = current_services()
    with services.database.reading() as session:
        goals = targets_views.goals(session, services.clock.now(), current_zone(), all_of_them=True)
    return render_template("console/targets.html", goals=goals)


@blueprint.get("/<name>")
@requires(*READERS)
def show(name: str) -> ResponseReturnValue:
    """Show one figure's target with its history, and the form to change it."""
    aim = _aim(name)
    with current_services().database.reading() as session:
        stored = targets.in_force(session).get(aim)
    until = stored.until if stored and stored.until > _today() else _today() + USUAL
    return _page(aim, Typed({"value": _typed(aim, stored), "until": until.isoformat()}))


@blueprint.post("/<name>")
@requires(*OWNERS)
def save(name: str) -> ResponseReturnValue:
    """Set a target, beginning from the figure as it is now."""
    services, by, aim = current_services(), current_operator().actor, _aim(name)
    now, today, typed = services.clock.now(), _today(), Typed(request.form)
    value = typed.decimal("value", 100) / 100 if aim in SHARES else float(typed.number("value", MOST[aim]))
    until = typed.day("until")
    if until is None and not typed.errors.get("until"):
        typed.add("until", _("期日を入力してください。"))
    if not typed.errors and until is not None:
        try:
            with services.database.begin() as session:
                start = Measures(session, now).of(aim, today)
                targets.choose(session, aim, Target(value, until, today, start), by, now)
                operators.note(
                    session, by, "target_set", aim.value, now, value=value, until=until.isoformat()
                )
        except Invalid as error:
            typed.add("until" if error.code == "target_day" else "value", explain(error))
    if typed.errors:
        return _page(aim, typed)
    flash(_("目標を決めました。"), "success")
    return redirect(url_for("targets.index"))


@blueprint.post("/<name>/drop")
@requires(*OWNERS)
def drop(name: str) -> ResponseReturnValue:
    """Have a target no more; its history stays."""
    services, by, aim = current_services(), current_operator().actor, _aim(name)
    now = services.clock.now()
    with services.database.begin() as session:
        if targets.drop(session, aim, by, now):
            operators.note(session, by, "target_dropped", aim.value, now)
    flash(_("目標をやめました。"), "success")
    return redirect(url_for("targets.index"))


def _page(aim: Aim, typed: Typed) -> ResponseReturnValue:
    services = current_services()
    with services.database.reading() as session:
        (goal,) = targets_views.goals(session, services.clock.now(), current_zone(), [aim], all_of_them=True)
        page = render_template(
            "console/target.html",
            goal=goal,
            form=typed,
            is_share=aim in SHARES,
            history=targets_views.history(session, aim),
            today=_today(),
        )
    return page, 422 if typed.errors else 200


def _typed(aim: Aim, stored: Target | None) -> str:
    if stored is None:
        return ""
    return f"{stored.value * 100:.4g}" if aim in SHARES else f"{stored.value:.0f}"


def _aim(name: str) -> Aim:
    if name not in set(Aim):
        abort(404)
    return Aim(name)


def _today() -> date:
    return current_services().clock.now().astimezone(current_zone()).date()
