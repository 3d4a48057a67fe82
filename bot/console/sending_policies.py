"""The rules of sending that are kept as versions: the contact plan, the weights of trust, the control group."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators
from bot.console import contact_form, editing, policies_views, sending_rules_views, threshold_form
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.sending_rules_views import KINDS, SAVERS, SendingPolicy
from bot.console.typed import Typed
from bot.policy_words import POLICY_NAMES
from bot.services import current_services
from scheduler.control_groups import ControlPolicy
from segments.contact_policy import ContactPolicy
from segments.stages import Stage
from segments.trust_policy import TrustPolicy

blueprint = Blueprint("sending_policies", __name__, url_prefix="/console/settings/sending")
TRY = "try"
"""The button that only shows what would be."""


@blueprint.get("/contact")
@requires(*READERS)
def contact() -> ResponseReturnValue:
    """Show the contact plan to be changed; `version` fills in an older one."""
    return _contact_page(_opened("contact"))


@blueprint.post("/contact")
@requires(*SENDERS)
def save_contact() -> ResponseReturnValue:
    """Try the plan on everybody, or put it in force."""
    form = Typed(request.form.to_dict())
    policy = contact_form.read(form)
    if policy is None:
        return _contact_page(form, 422)
    if form.is_on(TRY):
        with current_services().database.reading() as session:
            found = sending_rules_views.standings(session, policy, current_services().clock.now())
        return _contact_page(form, tried=found)
    return _saved("contact", form, policy) or _contact_page(form, 422)


@blueprint.get("/trust")
@requires(*READERS)
def trust() -> ResponseReturnValue:
    """Show what trust is raised and lowered by."""
    return _numbers_page("trust", _opened("trust"))


@blueprint.post("/trust")
@requires(*SENDERS)
def save_trust() -> ResponseReturnValue:
    """Weigh otherwise from now on."""
    form = Typed(request.form.to_dict())
    numbers = threshold_form.read(form, threshold_form.asked("trust", TrustPolicy))
    if form.errors:
        return _numbers_page("trust", form, 422)
    return _saved("trust", form, TrustPolicy.from_json(numbers)) or _numbers_page("trust", form, 422)


@blueprint.get("/control")
@requires(*READERS)
def control() -> ResponseReturnValue:
    """Show how many get no offers, so that what offers earn can be told."""
    return _numbers_page("control", _opened("control"))


@blueprint.post("/control")
@requires(*SENDERS)
def save_control() -> ResponseReturnValue:
    """Tell how many friends it would be, or draw the lot so from now on."""
    form = Typed(request.form.to_dict())
    numbers = threshold_form.read(form, threshold_form.asked("control", ControlPolicy))
    if form.errors:
        return _numbers_page("control", form, 422)
    policy = ControlPolicy.from_json(numbers)
    if form.is_on(TRY):
        with current_services().database.reading() as session:
            return _numbers_page("control", form, tried=sending_rules_views.held_out(session, policy))
    return _saved("control", form, policy) or _numbers_page("control", form, 422)


def _opened(name: str) -> Typed:
    """Return the form filled with what holds, or with the version asked for."""
    with current_services().database.reading() as session:
        policy, version = sending_rules_views.in_force(session, name), request.args.get("version", type=int)
        stored = policy.to_json()
        if version:
            policy = KINDS[name].from_json(policies_views.data_of(session, name, version))
    return Typed(_filled(policy) | {editing.SEEN: editing.mark(stored)})


def _filled(policy: SendingPolicy) -> dict[str, str]:
    if isinstance(policy, ContactPolicy):
        return contact_form.filled(policy)
    return threshold_form.filled(policy.to_json())


def _saved(name: str, form: Typed, policy: SendingPolicy) -> ResponseReturnValue | None:
    """Put a policy in force and go to the rules; None when somebody else was faster, which is told in the form."""
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    with services.database.begin() as session:
        before = sending_rules_views.in_force(session, name).to_json()
        editing.warn_if_changed(form, before)
        if form.errors:
            return None
        if before != policy.to_json():
            SAVERS[name](session, policy, by, now)
            operators.note(session, by, "policy_changed", name, now, changes=_told(before, policy.to_json()))
    flash(_("「%(name)s」を保存しました。", name=_(POLICY_NAMES[name])), "success")
    return redirect(url_for("sending_rules.show"))


def _told(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    old, new = policies_views.flat(before), policies_views.flat(after)
    names = [*new, *(name for name in old if name not in new)]
    return [
        f"{name}: {policies_views.said(old.get(name))} → {policies_views.said(new.get(name))}"
        for name in names
        if old.get(name) != new.get(name)
    ]


def _seen(session: Session, name: str) -> str:
    return editing.mark(sending_rules_views.in_force(session, name).to_json())


def _contact_page(form: Typed, status: int = 200, **shown: Any) -> ResponseReturnValue:
    return _page("console/sending_contact.html", "contact", form, status, stages=list(Stage), **shown)


def _numbers_page(name: str, form: Typed, status: int = 200, **shown: Any) -> ResponseReturnValue:
    return _page("console/sending_numbers.html", name, form, status, **shown)


def _page(template: str, name: str, form: Typed, status: int, **shown: Any) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        seen = _seen(session, name)
    kind = KINDS[name]
    page = render_template(
        template,
        name=name,
        title=_(POLICY_NAMES[name]),
        form=form,
        # Told that somebody else was faster, sending once more is meant to overwrite.
        seen=seen if status == 422 else form.text(editing.SEEN),
        asked=contact_form.asked() if kind is ContactPolicy else threshold_form.asked(name, kind),  # pyright: ignore[reportArgumentType] — the others are thresholds
        defaults=_filled(kind()),
        closed_days=contact_form.CLOSED_DAYS,
        **shown,
    )
    return page, status
