"""The thresholds of ladders and scores: shown with their meaning, tried on everybody, then applied; history, restore."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators, policy_trials
from bot.console import policies_views, policy_forms
from bot.console.access import READERS, SENDERS, current_operator, requires
from bot.console.policy_forms import CUTS, NAMES, Shown
from bot.console.typed import Typed
from bot.i18n import current_language
from bot.policy_words import POLICY_NAMES, THRESHOLDS
from bot.services import current_services
from bot.words import explain
from segments import policies, rfm
from segments.errors import Conflict, KokyakuError
from segments.rfm import RfmPolicy

blueprint = Blueprint("policies", __name__, url_prefix="/console/settings/policies")


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """Show every policy with what holds now."""
    with current_services().database.reading() as session:
        shown = [policy_forms.load(session, name) for name in NAMES]
        changed = {name: policies_views.newest(session, name) for name in NAMES}
    return render_template(
        "console/policies.html",
        shown=[(each, _said(each)) for each in shown],
        changed=changed,
        names=POLICY_NAMES,
    )


def _said(shown: Shown) -> list[tuple[str, str]]:
    data, labels = shown.policy.to_json(), policy_forms.labels(shown.name)
    return [(labels[name], policies_views.said(value)) for name, value in data.items()]


@blueprint.get("/<name>")
@requires(*READERS)
def edit(name: str) -> ResponseReturnValue:
    """Show a policy's thresholds to be changed; `version` fills in an older one, `trial` what was tried."""
    with current_services().database.reading() as session:
        shown = policy_forms.load(session, name)
        version, trial = request.args.get("version", type=int), request.args.get("trial", type=int)
        policy = shown.policy
        if version:
            policy = policy_forms.of_data(name, policies_views.data_of(session, name, version))
        elif trial:
            policy = policy_forms.of_data(name, policy_trials.one(session, name, trial).data)
    return _page(shown, Typed(policy_forms.filled(policy)), restores=bool(version))


@blueprint.post("/<name>")
@requires(*SENDERS)
def try_out(name: str) -> ResponseReturnValue:
    """Begin a dry run of what was typed; nothing changes by it."""
    services = current_services()
    with services.database.reading() as session:
        shown = policy_forms.load(session, name)
    form = Typed(request.form.to_dict())
    policy = policy_forms.read(form, name)
    if policy is None:
        return _page(shown, form, 422)
    if policy.to_json() == shown.policy.to_json():
        form.add("", _("いまの基準と同じです。変えたい数字を入力してください。"))
        return _page(shown, form, 422)
    now, by = services.clock.now(), current_operator().actor
    with services.database.begin() as session:
        trial_id, at_once = policy_trials.begin(session, services.queue, name, policy.to_json(), by, now)
    if at_once:
        policy_trials.run(services.database, services.clock, trial_id)
    return redirect(url_for("policies.trial", name=name, trial_id=trial_id))


@blueprint.get("/<name>/trials/<int:trial_id>")
@requires(*READERS)
def trial(name: str, trial_id: int) -> ResponseReturnValue:
    """Show how far a dry run has come, or who would move from where to where."""
    with current_services().database.reading() as session:
        shown = policy_forms.load(session, name)
        found = policy_trials.one(session, name, trial_id)
    before, after = policies_views.flat(shown.policy.to_json()), policies_views.flat(found.data)
    return render_template(
        "console/policy_trial.html",
        name=name,
        title=_(POLICY_NAMES[name]),
        trial=found,
        is_newest=found.based_on == shown.version,
        changes=policies_views.changes(before, after, policy_forms.labels(name)),
        moves=policies_views.moves(found, current_language()),
    )


@blueprint.get("/<name>/trials/<int:trial_id>/progress")
@requires(*READERS)
def progress(name: str, trial_id: int) -> ResponseReturnValue:
    """Tell a script how far a dry run has come."""
    with current_services().database.reading() as session:
        found = policy_trials.one(session, name, trial_id)
    ended = found.ended_at is not None or found.cancelled
    return {"done": found.done, "total": found.total, "ended": ended}


@blueprint.post("/<name>/trials/<int:trial_id>/cancel")
@requires(*SENDERS)
def cancel(name: str, trial_id: int) -> ResponseReturnValue:
    """Stop a dry run that takes too long."""
    with current_services().database.begin() as session:
        policy_trials.cancel(session, name, trial_id)
    return redirect(url_for("policies.edit", name=name, trial=trial_id))


@blueprint.post("/<name>/trials/<int:trial_id>/apply")
@requires(*SENDERS)
def apply(name: str, trial_id: int) -> ResponseReturnValue:
    """Put in force what was tried, unless somebody else changed the policy meanwhile."""
    services, by = current_services(), current_operator().actor
    now = services.clock.now()
    try:
        with services.database.begin() as session:
            shown = policy_forms.load(session, name)
            found = policy_trials.one(session, name, trial_id)
            if found.based_on != shown.version or found.ended_at is None:
                raise Conflict("policy_moved_on")
            policy = policy_forms.of_data(name, found.data)
            if isinstance(policy, RfmPolicy):
                rfm.save(session, policy, by, now)
            else:
                policies.save_ladder_policy(session, policy, by, now)
            before, after = (policies_views.flat(each.to_json()) for each in (shown.policy, policy))
            told = [
                f"{key}: {policies_views.said(before[key])} → {policies_views.said(after[key])}"
                for key in after
                if before[key] != after[key]
            ]
            operators.note(session, by, "policy_changed", name, now, changes=told)
    except KokyakuError as error:
        flash(explain(error), "warning")
        return redirect(url_for("policies.edit", name=name, trial=trial_id))
    flash(_("新しい基準にしました。友だちは数分のうちに見直されます。"), "success")
    return redirect(url_for("policies.history", name=name))


@blueprint.get("/<name>/history")
@requires(*READERS)
def history(name: str) -> ResponseReturnValue:
    """Show every version: when, by whom, what it changed; each can be filled in again."""
    with current_services().database.reading() as session:
        shown = policy_forms.load(session, name)
        found = policies_views.versions(
            session, name, policy_forms.default(name).to_json(), policy_forms.labels(name)
        )
    return render_template(
        "console/policy_history.html",
        title=_(POLICY_NAMES[name]),
        versions=found,
        in_force=shown.version,
        back=url_for("policies.edit", name=name),
        endpoint="policies.edit",
        name=name,
    )


def _page(shown: Shown, form: Typed, status: int = 200, *, restores: bool = False) -> ResponseReturnValue:
    is_rfm = shown.name == rfm.POLICY
    page = render_template(
        "console/policy.html",
        name=shown.name,
        title=_(POLICY_NAMES[shown.name]),
        form=form,
        asked=[] if is_rfm else policy_forms.asked(shown.name),
        cuts=CUTS if is_rfm else (),
        words=THRESHOLDS[shown.name],
        in_force=policy_forms.filled(shown.policy),
        defaults=policy_forms.filled(policy_forms.default(shown.name)),
        restores=restores,
    )
    return page, status
