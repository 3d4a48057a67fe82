"""Says why a broadcast or a scenario never came to a friend: not begun, not yet there, not meant."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from scheduler import decision_words
from scheduler.models import Broadcast, BroadcastState, Scenario
from segments import condition_explain, conditions, shop
from segments.errors import NotFound
from segments.leaves.said import Said
from segments.models import Audience, AudienceMember, Friend

_UNPLANNED = (BroadcastState.DRAFT, BroadcastState.SCHEDULED, BroadcastState.AWAITING_APPROVAL)


def meant(session: Session, friend_id: int, broadcast: Broadcast, now: datetime) -> list[Said]:
    """Say why there is no delivery: it has not begun, is still being planned, or the friend was not meant."""
    told: list[Said] = []
    if broadcast.state in _UNPLANNED:
        told.append(Said("この配信はまだ始まっていません。", "This broadcast has not begun."))
    elif _is_member(session, broadcast, friend_id):
        told.append(Said("配信の準備の順番を待っています。", "It has not come to this friend yet."))
        return told
    elif (frozen := _frozen_at(session, broadcast)) is not None:
        at = decision_words.clock(frozen, shop.load(session).zone)
        told.append(
            Said(
                f"{at.ja}に配信対象を決めたとき、この友だちは入っていませんでした。",
                f"Not among the friends it was for when that was settled, on {at.en}.",
            )
        )
    if broadcast.condition is None:
        told.append(Said("一覧で指定された友だちだけへの配信です。", "It is only for the friends on a list."))
        return told
    tree = conditions.parse(broadcast.condition)
    explained = condition_explain.explain(session, tree, friend_id, now)
    return [*told, _now(explained)]


def entered(session: Session, friend_id: int, scenario: Scenario, now: datetime) -> list[Said]:
    """Say why a friend is not in a scenario and never was. Raises NotFound (friend_unknown)."""
    told = [
        Said(
            "きっかけとなる出来事がまだないか、条件に合わなかったため、シナリオに入っていません。",
            "Never entered: what starts it has not happened, or the condition did not hold then.",
        )
    ]
    if scenario.condition is None:
        if session.get(Friend, friend_id) is None:
            raise NotFound("friend_unknown", friend_id=friend_id)
        return told
    tree = conditions.parse(scenario.condition)
    return [*told, _now(condition_explain.explain(session, tree, friend_id, now))]


def _now(explained: condition_explain.Explanation) -> Said:
    return Said(
        f"いまの条件では：{explained.verdict('ja')}", f"By the condition as of now: {explained.verdict('en')}"
    )


def _is_member(session: Session, broadcast: Broadcast, friend_id: int) -> bool:
    inside = (AudienceMember.audience_id == broadcast.audience_id, AudienceMember.friend_id == friend_id)
    return broadcast.audience_id is not None and bool(session.scalar(select(exists().where(*inside))))


def _frozen_at(session: Session, broadcast: Broadcast) -> datetime | None:
    return session.scalar(select(Audience.created_at).where(Audience.id == broadcast.audience_id))
