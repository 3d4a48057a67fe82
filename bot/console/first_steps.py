"""The first steps: from nothing to the first greeting on one's own phone, each step told by what is on record."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from bot import operators, qr
from bot.console import connection_views, editing, first_steps_views, friends_views, previews
from bot.console.access import SENDERS, current_operator, requires
from bot.console.first_steps_views import Facts, Newcomer, State, Step
from bot.console.places import address
from bot.i18n import N_
from bot.services import current_services
from scheduler import step_changes
from segments.errors import NotFound

blueprint = Blueprint("first_steps", __name__, url_prefix="/console/first-steps")

TITLES = {
    Step.PASSWORD: N_("パスワードを自分のものに変える"),
    Step.SHOP: N_("お店の名前と営業時間を入れる"),
    Step.CHANNEL: N_("LINEのチャネルをつなぐ"),
    Step.WEBHOOK: N_("Webhookのアドレスを設定する"),
    Step.AUTO_REPLY: N_("LINE側の自動の返事をオフにする"),
    Step.GREETING: N_("あいさつメッセージを確かめる"),
    Step.FRIEND: N_("ご自身のスマートフォンで友だちになる"),
    Step.ARRIVED: N_("あいさつが届く"),
    Step.PURCHASES: N_("これまでの購入を取り込む"),
    Step.SEGMENT: N_("はじめてのセグメントを作る"),
    Step.STAFF: N_("スタッフを招く"),
}


@dataclass(frozen=True)
class _Seen:
    """Everything the page is made of."""

    facts: Facts
    states: list[State]
    newcomers: list[Newcomer]

    @property
    def mark(self) -> str:
        """What changes when anything on the page does."""
        return editing.mark([self.states, self.newcomers])


@blueprint.get("/")
@requires(*SENDERS)
def show() -> ResponseReturnValue:
    """Show every step: done, to do, for later."""
    services, seen = current_services(), _seen()
    link = connection_views.add_friend_link(seen.facts.shop.basic_id)
    with services.database.reading() as session:
        checked = connection_views.last_check(session)
        greeting = _greeting(session, seen.facts)
    return render_template(
        "console/first_steps.html",
        known=seen.facts,
        states=seen.states,
        titles=TITLES,
        next=next((each.step for each in seen.states if each.is_open), None),
        left=sum(each.is_open for each in seen.states),
        newcomers=seen.newcomers,
        mark=seen.mark,
        checked=checked,
        greeting=greeting,
        link=link,
        picture=qr.svg(link) if link else None,
        address=address,
    )


def _greeting(session: Session, known: Facts) -> list[previews.Shown]:
    if known.greeting_id is None:
        return []
    version = step_changes.newest(session, known.greeting_id)
    return previews.shown(session, version.content, None, current_services().clock.now())


@blueprint.get("/state")
@requires(*SENDERS)
def state() -> ResponseReturnValue:
    """Tell a script whether anything on the page has changed."""
    return {"mark": _seen().mark}


@blueprint.post("/<step>/skip")
@requires(*SENDERS)
def skip(step: str) -> ResponseReturnValue:
    """Put a step aside."""
    return _put_aside(step, aside=True)


@blueprint.post("/<step>/unskip")
@requires(*SENDERS)
def unskip(step: str) -> ResponseReturnValue:
    """Take a step up again."""
    return _put_aside(step, aside=False)


@blueprint.post("/me")
@requires(*SENDERS)
def me() -> ResponseReturnValue:
    """Remember which friend the operator is: test sends go there from now on."""
    services, operator = current_services(), current_operator()
    chosen = request.form.get("friend_id", type=int)
    with services.database.begin() as session:
        if chosen is None or friends_views.brief(session, chosen) is None:
            raise NotFound("friend_unknown")
        now = services.clock.now()
        operators.update_account(session, operator.id, name=operator.name, friend_id=chosen, now=now)
    flash(_("ご自身のLINEとして登録しました。テスト送信もここに届きます。"), "success")
    return redirect(url_for("first_steps.show"))


def _seen() -> _Seen:
    services = current_services()
    with services.database.reading() as session:
        known = first_steps_views.facts(session, services.settings, current_operator().id)
        found = first_steps_views.states(session, known)
        newcomers = first_steps_views.newcomers(session, services.clock.now())
    return _Seen(known, found, list(newcomers))


def _put_aside(name: str, *, aside: bool) -> ResponseReturnValue:
    if name not in list(Step):
        raise NotFound("not_found")
    services, step = current_services(), Step(name)
    now = services.clock.now()
    with services.database.begin() as session:
        first_steps_views.put_aside(session, step, aside=aside, now=now)
        action = "first_step_skipped" if aside else "first_step_unskipped"
        operators.note(session, current_operator().actor, action, step.value, now)
    return redirect(url_for("first_steps.show") + f"#step-{step.value}")
