"""Pausing a step, moving it and taking it out: what that means for friends inside is said first."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators, step_words
from bot.console.access import SENDERS, current_operator, requires
from bot.i18n import current_language
from bot.services import current_services
from scheduler import scenario_figures, scenario_steps, step_changes
from scheduler.models import Step

blueprint = Blueprint("step_moves", __name__, url_prefix="/console/scenarios/steps")


@dataclass(frozen=True)
class _There:
    """A step, and how many friends wait for it."""

    step: Step
    waiting: int


@blueprint.get("/<int:step_id>/pause")
@requires(*SENDERS)
def ask_pause(step_id: int) -> ResponseReturnValue:
    """Say what pausing a step means before it is done."""
    there = _there(step_id)
    effects = [
        _("いま%(count)s人がこのステップを待っています。", count=f"{there.waiting:,}"),
        _("止めている間、ここまで来た友だちはこのステップで待ちます。ほかのステップは動き続けます。"),
    ]
    url = url_for("scenarios.pause_step", step_id=step_id)
    return _ask(there, _("「%(name)s」を止めますか"), effects, url, _("このステップを止める"))


@blueprint.get("/<int:step_id>/move/<direction>")
@requires(*SENDERS)
def ask_move(step_id: int, direction: str) -> ResponseReturnValue:
    """Say what moving a step means before it is done."""
    there = _there(step_id)
    effects = [
        _(
            "いま%(count)s人がこのステップを待っています。予定の日時は変わらず、新しい順番でこの次へ進みます。",
            count=f"{there.waiting:,}",
        ),
        _(
            "入れ替わるステップをこれから迎えるはずだった友だちの中には、それを通らない人が出ます。同じメッセージが2回届くことはありません。"
        ),
    ]
    url = url_for("step_moves.move", step_id=step_id, direction=direction)
    title = _("「%(name)s」を前へ移しますか") if direction == "up" else _("「%(name)s」を後ろへ移しますか")
    return _ask(there, title, effects, url, _("順番を変える"))


@blueprint.post("/<int:step_id>/move/<direction>")
@requires(*SENDERS)
def move(step_id: int, direction: str) -> ResponseReturnValue:
    """Change places with the step before or after it."""
    there, now = _there(step_id), current_services().clock.now()
    with current_services().database.begin() as session:
        moved = scenario_steps.move_step(session, step_id, up=direction == "up")
        operators.note(session, current_operator().actor, "step_moved", str(step_id), now, to=direction)
    flash(
        _("順番を変えました。") if moved else _("これより先には移せません。"),
        "success" if moved else "warning",
    )
    return _back(there)


@blueprint.get("/<int:step_id>/remove")
@requires(*SENDERS)
def ask_remove(step_id: int) -> ResponseReturnValue:
    """Say what taking a step out means before it is done."""
    there = _there(step_id)
    with current_services().database.reading() as session:
        removal = scenario_steps.removal(session, step_id)
    count = f"{removal.standing:,}"
    if removal.following is None:
        effect = _("いま%(count)s人がここで待っています。予定の日時にシナリオを終えます。", count=count)
    else:
        following = removal.following.name or step_words.kind_words(
            removal.following.kind, current_language()
        )
        effect = _(
            "いま%(count)s人がここで待っています。予定の日時に「%(following)s」へ進みます。",
            count=count,
            following=following,
        )
    inside = (
        _("中の%(count)s個のステップもいっしょに外します。", count=removal.inside) if removal.inside else ""
    )
    unsent = _("送信待ちの%(count)s通は取り消します。", count=f"{removal.unsent:,}") if removal.unsent else ""
    kept = _("これまでに送った分の記録は残ります。")
    url = url_for("step_moves.remove", step_id=step_id)
    return _ask(
        there, _("「%(name)s」を外しますか"), [effect, inside, unsent, kept], url, _("ステップを外す")
    )


@blueprint.post("/<int:step_id>/remove")
@requires(*SENDERS)
def remove(step_id: int) -> ResponseReturnValue:
    """Take a step out."""
    there, now = _there(step_id), current_services().clock.now()
    with current_services().database.begin() as session:
        cancelled = scenario_steps.remove_step(session, step_id, now)
        operators.note(session, current_operator().actor, "step_removed", str(step_id), now)
    flash(_("ステップを外しました。"), "success")
    if cancelled:
        flash(_("送信待ちの%(count)s通を取り消しました。", count=f"{cancelled:,}"), "success")
    return _back(there)


def _there(step_id: int) -> _There:
    with current_services().database.reading() as session:
        step = step_changes.step_of(session, step_id)
        return _There(step, scenario_figures.waiting_at(session, [step_id]).get(step_id, 0))


def _ask(there: _There, title: str, effects: list[str], url: str, label: str) -> ResponseReturnValue:
    name = there.step.name or step_words.kind_words(there.step.kind, current_language())
    return render_template(
        "console/scenario_ask.html",
        title=title % {"name": name} if "%(name)s" in title else title,
        effects=[each for each in effects if each],
        url=url,
        label=label,
        back=url_for("scenario.show", scenario_id=there.step.scenario_id),
    )


def _back(there: _There) -> ResponseReturnValue:
    return redirect(url_for("scenario.show", scenario_id=there.step.scenario_id))
