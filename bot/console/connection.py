"""The connection with LINE: checked on a button, told in words with what to do next, and the QR code for new friends."""

from dataclasses import replace
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators, qr, shop_changes
from bot.console import connection_views
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.page import current_shop
from bot.i18n import current_language
from bot.line.check import Finding, check
from bot.line.ports import AccountGateway
from bot.security import safe_next
from bot.services import Services, current_services
from scheduler.gateway import GatewayError
from segments import shop

blueprint = Blueprint("connection", __name__, url_prefix="/console/settings/connection")

PAUSE = timedelta(seconds=10)
"""Between two checks: LINE tests an address 60 times an hour at most."""
SUBJECTS = ("token", "webhook", "secret", "account", "quota")


@blueprint.get("/")
@requires(*READERS)
def show() -> ResponseReturnValue:
    """Show how we are connected and what the last check found."""
    services = current_services()
    with services.database.reading() as session:
        checked = connection_views.last_check(session)
        last_event_at = connection_views.last_event_at(session)
    link = connection_views.add_friend_link(current_shop().basic_id)
    return render_template(
        "console/connection.html",
        wiring=connection_views.wiring(services.settings),
        checked=checked,
        last_event_at=last_event_at,
        link=link,
        picture=qr.svg(link) if link else None,
        said=_said,
    )


@blueprint.post("/check")
@requires(*SENDERS)
def run_check() -> ResponseReturnValue:
    """Ask LINE about everything and keep what it said."""
    services, now = current_services(), current_services().clock.now()
    with services.database.reading() as session:
        last = connection_views.last_check(session)
    if last is not None and timedelta() <= now - last.at < PAUSE:
        return _back()
    findings = [*check(services), *_account(services)]
    findings.sort(key=lambda each: SUBJECTS.index(each.subject))
    with services.database.begin() as session:
        connection_views.keep_check(session, findings, now)
        wrong = [each.subject for each in findings if not each.ok]
        operators.note(session, current_operator().actor, "connection_checked", "", now, wrong=wrong)
    return _back()


@blueprint.post("/webhook")
@requires(*SENDERS)
def set_webhook() -> ResponseReturnValue:
    """Tell LINE our address, so that nobody has to copy it."""
    services, now = current_services(), current_services().clock.now()
    wired, gateway = connection_views.wiring(services.settings), services.gateway
    if not wired.is_reachable or not isinstance(gateway, AccountGateway):
        flash(_("先に、https:// で始まる公開アドレスを設定してください。"), "warning")
        return _back()
    try:
        gateway.set_webhook_endpoint(wired.webhook)
    except GatewayError as error:
        flash(
            _("LINEに設定できませんでした（%(code)s）。", code=error.status or type(error).__name__), "danger"
        )
        return _back()
    with services.database.begin() as session:
        operators.note(session, current_operator().actor, "webhook_set", wired.webhook[:128], now)
    flash(_("LINEにアドレスを設定しました。続けて「確認する」を押してください。"), "success")
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(safe_next(request.form.get("next")) or url_for("connection.show"))


def _account(services: Services) -> list[Finding]:
    """Compare the shop's @id with the account behind the token; fill it in when it is missing."""
    gateway = services.gateway
    assert isinstance(gateway, AccountGateway)
    try:
        basic_id = gateway.bot_info().basic_id
    except GatewayError:
        return []  # The token's own finding says it already.
    known = current_shop().basic_id
    if known == basic_id:
        return [_account_is(basic_id)]
    if not known:
        now = services.clock.now()
        with services.database.begin() as session:
            changed = replace(shop.load(session), basic_id=basic_id)
            shop_changes.save(session, changed, current_operator().actor, now)
        return [_account_is(basic_id)]
    return [
        Finding(
            "account",
            False,
            f"お店の設定のベーシックIDは {known}、つないでいるアカウントは {basic_id} です。",
            f"The shop's settings say {known}, the account connected is {basic_id}.",
            "「お店」の設定のベーシックIDを直すか、このアカウントのトークンを設定してください。",
            "Correct the basic ID under “Shop”, or set the token of the right account.",
        )
    ]


def _account_is(basic_id: str) -> Finding:
    return Finding(
        "account",
        True,
        f"お店の設定のベーシックIDと一致しています（{basic_id}）。",
        f"The shop's basic ID is this account's ({basic_id}).",
    )


def _said(finding: Finding) -> tuple[str, str]:
    """Return what was found and what to do, in the language of this request."""
    ja = current_language() == "ja"
    return (finding.ja, finding.todo_ja) if ja else (finding.en, finding.todo_en)
