"""The rules of sending on one page: when it is quiet, how often friends hear from us, what trust weighs, who gets no offers."""

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import formats
from bot.console import contact_form, policies_views, sending_rules_views
from bot.console.access import READERS, requires
from bot.console.page import zone_label
from bot.console.sending_rules_views import KINDS
from bot.i18n import current_language
from bot.mail.wiring import missing
from bot.policy_words import POLICY_NAMES, THRESHOLDS
from bot.services import current_services
from segments.errors import NotFound
from segments.stages import Stage

blueprint = Blueprint("sending_rules", __name__, url_prefix="/console/settings/sending")


@blueprint.get("/")
@requires(*READERS)
def show() -> ResponseReturnValue:
    """Show all rules in force, each with a way to change it."""
    services = current_services()
    with services.database.reading() as session:
        rules = sending_rules_views.rules(session)
    return render_template(
        "console/sending_rules.html",
        rules=rules,
        stages=list(Stage),
        hours=formats.hours(rules.shop.quiet_from, rules.shop.quiet_until, current_language()),
        zone=zone_label(),
        closed_days=contact_form.CLOSED_DAYS,
        words=THRESHOLDS,
        mail_missing=missing(services.settings),
    )


@blueprint.get("/<name>/history")
@requires(*READERS)
def history(name: str) -> ResponseReturnValue:
    """Show every version of a rule: when, by whom, what it changed; each can be filled in again."""
    if name not in KINDS:
        raise NotFound("policy_unknown", name=name)
    labels = {key: _(each.label) for key, each in THRESHOLDS[name].items()}
    labels |= {"closed_days": _("休業日の扱い")}
    with current_services().database.reading() as session:
        found = policies_views.versions(session, name, KINDS[name]().to_json(), labels)
    endpoint = f"sending_policies.{name}"
    return render_template(
        "console/policy_history.html",
        title=_(POLICY_NAMES[name]),
        versions=found,
        in_force=found[0].id if found else 0,
        back=url_for(endpoint),
        endpoint=endpoint,
        name=None,
    )
