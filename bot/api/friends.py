"""One friend, as the shop's other systems may know them."""

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.api.access import blueprint, keyed
from bot.api.shapes import BIGGEST_ID, FriendOut
from bot.i18n import current_language
from bot.services import current_services
from segments import policies, stage_keeping
from segments.errors import NotFound
from segments.models import Cycle, Facts, Friend, FriendTag, Tag
from segments.stages import reason_words


@blueprint.get("/friends/<int:friend_id>")
@keyed
def friend(friend_id: int) -> ResponseReturnValue:
    """Return profile, stage and purchases in sum."""
    with current_services().database.reading() as session:
        answer = _known(session, friend_id)
    return jsonify(answer.model_dump(mode="json"))


def _known(session: Session, friend_id: int) -> FriendOut:
    friend = session.get(Friend, friend_id) if friend_id <= BIGGEST_ID else None
    facts = session.get(Facts, friend_id) if friend else None
    if friend is None or facts is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    cycle = session.get(Cycle, (friend_id, ""))
    why = stage_keeping.reason_params(facts, policies.ladder_policies(session))
    tags = select(Tag.name).join(FriendTag).where(FriendTag.friend_id == friend_id).order_by(Tag.name)
    return FriendOut(
        id=friend.id,
        line_user_id=friend.line_user_id,
        display_name=friend.display_name,
        language=friend.language,
        timezone=friend.timezone,
        member_number=friend.member_number,
        followed_at=friend.followed_at,
        blocked_at=friend.blocked_at,
        opted_out_at=friend.opted_out_at,
        stage=facts.stage,
        stage_since=facts.stage_since,
        stage_reason=reason_words(facts.stage_reason, why, current_language()),
        purchase_count=facts.purchase_count,
        spend_yen=facts.spend_yen,
        last_purchase_at=facts.last_purchase_at,
        next_due_at=cycle.due_at if cycle else None,
        tags=list(session.scalars(tags)),
    )
