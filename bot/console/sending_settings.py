"""The rules of sending without versions: quiet hours, what goes together, what stands below every mail."""

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators, shop_changes
from bot.console import editing, sending_rules_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.page import zone_label
from bot.console.typed import Typed
from bot.i18n import current_language
from bot.line.check import Finding
from bot.mail.check import TODO
from bot.mail.wiring import Missing, missing
from bot.services import current_services
from bot.words import explain
from scheduler import bundling, mail_settings
from scheduler.mail_settings import MailSettings
from segments import shop
from segments.errors import KokyakuError
from segments.shop import Shop

blueprint = Blueprint("sending_settings", __name__, url_prefix="/console/settings/sending")
LONGEST_MINUTES = int(bundling.LONGEST_WINDOW / timedelta(minutes=1))


@blueprint.get("/quiet-hours")
@requires(*READERS)
def quiet_hours() -> ResponseReturnValue:
    """Show between which times nothing leaves by itself."""
    with current_services().database.reading() as session:
        stored = shop.load(session)
    return _quiet_page(Typed(_hours(stored) | {editing.SEEN: editing.mark(_hours(stored))}))


@blueprint.post("/quiet-hours")
@requires(*SENDERS)
def save_quiet_hours() -> ResponseReturnValue:
    """Set the quiet hours."""
    services, form = current_services(), Typed(request.form.to_dict())
    begins, ends = form.clock("quiet_from"), form.clock("quiet_until")
    for name, given in (("quiet_from", begins), ("quiet_until", ends)):
        if given is None and name not in form.errors:
            form.add(name, _("時刻を 21:00 のように入力してください。"))
    if begins is None or ends is None:
        return _quiet_page(form, 422)
    with services.database.begin() as session:
        stored = shop.load(session)
        editing.warn_if_changed(form, _hours(stored))
        if not form.errors:
            changed = replace(stored, quiet_from=begins, quiet_until=ends)
            shop_changes.save(session, changed, current_operator().actor, services.clock.now())
    return _quiet_page(form, 422) if form.errors else _saved(_("配信停止時間帯を保存しました。"))


def _hours(stored: Shop) -> dict[str, str]:
    return {"quiet_from": f"{stored.quiet_from:%H:%M}", "quiet_until": f"{stored.quiet_until:%H:%M}"}


def _quiet_page(form: Typed, status: int = 200) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        seen = editing.mark(_hours(shop.load(session)))
    return _page("console/sending_quiet.html", form, status, seen, zone=zone_label())


@blueprint.get("/together")
@requires(*READERS)
def together() -> ResponseReturnValue:
    """Show how long a message waits for others, and which steps wait for a free reply."""
    with current_services().database.reading() as session:
        minutes = bundling.policy(session).minutes
    return _together_page(Typed({"minutes": str(minutes), editing.SEEN: editing.mark(minutes)}))


@blueprint.post("/together")
@requires(*SENDERS)
def save_together() -> ResponseReturnValue:
    """Set how long a message waits for others."""
    services, form = current_services(), Typed(request.form.to_dict())
    minutes, now = form.number("minutes", LONGEST_MINUTES), services.clock.now()
    if form.errors:
        return _together_page(form, 422)
    with services.database.begin() as session:
        before = bundling.policy(session).minutes
        editing.warn_if_changed(form, before)
        if not form.errors and before != minutes:
            bundling.set_policy(session, bundling.Policy(timedelta(minutes=minutes)), now)
            told = [f"{before} → {minutes}"]
            operators.note(session, current_operator().actor, "bundling_changed", "", now, changes=told)
    return _together_page(form, 422) if form.errors else _saved(_("まとめて送る時間を保存しました。"))


def _together_page(form: Typed, status: int = 200) -> ResponseReturnValue:
    with current_services().database.reading() as session:
        seen = editing.mark(bundling.policy(session).minutes)
        riding = sending_rules_views.riding(session, current_language())
    return _page("console/sending_together.html", form, status, seen, riding=riding, longest=LONGEST_MINUTES)


@blueprint.get("/mail")
@requires(*READERS)
def mail() -> ResponseReturnValue:
    """Show what stands below every mail, and whether mail can leave."""
    with current_services().database.reading() as session:
        stored = asdict(mail_settings.load(session))
    return _mail_page(Typed(stored | {editing.SEEN: editing.mark(stored)}))


@blueprint.post("/mail")
@requires(*SENDERS)
def save_mail() -> ResponseReturnValue:
    """Set what stands below every mail."""
    services, form = current_services(), Typed(request.form.to_dict())
    wanted = MailSettings(form.text("name"), form.text("postal_address"), form.text("contact"))
    now = services.clock.now()
    try:
        with services.database.begin() as session:
            stored = mail_settings.load(session)
            editing.warn_if_changed(form, asdict(stored))
            if not form.errors and stored != wanted:
                mail_settings.save(session, wanted, now)
                operators.note(session, current_operator().actor, "mail_changed", "", now)
    except KokyakuError as error:
        form.add(str(error.params.get("field", "")), explain(error))
    return _mail_page(form, 422) if form.errors else _saved(_("メールの送信者情報を保存しました。"))


def _mail_page(form: Typed, status: int = 200) -> ResponseReturnValue:
    services = current_services()
    with services.database.reading() as session:
        seen = editing.mark(asdict(mail_settings.load(session)))
    lacking = missing(services.settings)
    finding = Finding("mail", False, *TODO[lacking]) if lacking is not None and lacking in TODO else None
    return _page(
        "console/sending_mail.html",
        form,
        status,
        seen,
        finding=finding,
        no_server=lacking is Missing.SERVER,
        sender=services.settings.mail_from,
    )


def _saved(words: str) -> ResponseReturnValue:
    flash(words, "success")
    return redirect(url_for("sending_rules.show"))


def _page(template: str, form: Typed, status: int, seen: str, **shown: Any) -> ResponseReturnValue:
    # Told that somebody else was faster, sending once more is meant to overwrite.
    kept = seen if status == 422 else form.text(editing.SEEN)
    return render_template(template, form=form, seen=kept, **shown), status
