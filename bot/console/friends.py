"""The list of friends and each friend's record."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from bot.console import coming_views, friends_views
from bot.console.access import READERS, requires
from bot.console.page import current_zone
from bot.i18n import current_language
from bot.services import current_services
from bot.words import DELIVERY_KINDS, DELIVERY_STATES, EVENTS, reason_words
from scheduler import decisions, trust_ledger
from segments import policies, stage_keeping
from segments.cycle_rows import state_of
from segments.cycle_words import explain
from segments.models import Cycle
from segments.stages import Stage
from segments.stages import reason_words as stage_reason

DECIDED = 20
"""Decisions shown of a friend."""
blueprint = Blueprint("friends", __name__, url_prefix="/console/friends")


@blueprint.get("/")
@requires(*READERS)
def index() -> ResponseReturnValue:
    """List friends, those that fit the search when one was made."""
    words, stage = request.args.get("q", "").strip()[:100], request.args.get("stage", "")
    stage = stage if stage in {each.value for each in Stage} else ""
    with current_services().database.reading() as session:
        page = friends_views.search(
            session, words, stage=stage, after_id=request.args.get("after", 0, type=int)
        )
    return render_template("console/friends.html", page=page, words=words, stage=stage, stages=list(Stage))


@blueprint.get("/<int:friend_id>")
@requires(*READERS)
def show(friend_id: int) -> ResponseReturnValue:
    """Show one friend's stage and why, purchases, chat, deliveries and history."""
    language, zone = current_language(), current_zone()
    with current_services().database.reading() as session:
        record = friends_views.record(session, friend_id)
        decided = decisions.of_friend(session, friend_id, DECIDED)
        trust = trust_ledger.statement(session, friend_id, current_services().clock.now(), limit=1)
        coming = coming_views.coming(session, friend_id, language)
        due_words = _due_words(session, record.cycle)
        stage_params = stage_keeping.reason_params(record.facts, policies.ladder_policies(session))

    def why(reason: str, params: dict[str, object]) -> str:
        if reason == "known" and record.friend.followed_at:
            # Noted in the moment before the follow itself was: to a reader it is the same moment.
            reason = "followed"
        return stage_reason(reason, params, language, zone)

    return render_template(
        "console/friend.html",
        record=record,
        coming=coming,
        decided=decided,
        trust=trust,
        language=language,
        due_words=due_words,
        why=why,
        stage_params=stage_params,
        events=EVENTS,
        delivery_states=DELIVERY_STATES,
        delivery_kinds=DELIVERY_KINDS,
        reason_words=reason_words,
    )


def _due_words(session: Session, cycle: Cycle | None) -> str:
    """Say why the next purchase is expected when it is; "" while nothing was bought."""
    if cycle is None:
        return ""
    params, now = policies.cycle_params(session), current_services().clock.now()
    return explain(state_of(cycle), params.of(cycle.category), now, current_language(), current_zone())
