"""Whether a broadcast may take LINE's own way to all friends, and why not."""

from enum import StrEnum

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from scheduler.messages import is_personal, spoken
from scheduler.models import Broadcast, MessageVersion, Through
from segments.models import AudienceMember, Friend


class Why(StrEnum):
    """Why LINE's own broadcast could not be used; `friend_left_out` is followed by a colon and the reason."""

    PERSONAL = "personal"
    LANGUAGES = "languages"
    PACED = "paced"
    NOT_EVERYONE = "not_everyone"
    FRIEND_LEFT_OUT = "friend_left_out"
    MONEY = "money"
    BROKEN = "broken"
    REFUSED = "refused"
    UNSUPPORTED = "unsupported"


def choose(session: Session, broadcast: Broadcast, version: MessageVersion) -> None:
    """Decide, when the audience is fixed, whether a broadcast that asks for LINE's own way can take it."""
    if broadcast.through is Through.BROADCAST and (why := _obstacle(session, broadcast, version)):
        fall_back(broadcast, why)


def fall_back(broadcast: Broadcast, why: str) -> None:
    """Take the way of every other broadcast, for a reason that the operator is told."""
    broadcast.through, broadcast.through_reason = Through.NAMED, why


def _obstacle(session: Session, broadcast: Broadcast, version: MessageVersion) -> str | None:
    if is_personal(version.content):
        return Why.PERSONAL.value
    if broadcast.per_minute is not None:
        return Why.PACED.value
    if broadcast.by_value:
        return Why.MONEY.value
    if len(languages(session, broadcast, version)) > 1:
        return Why.LANGUAGES.value
    if somebody_is_missing(session, broadcast):
        return Why.NOT_EVERYONE.value
    return None


def languages(session: Session, broadcast: Broadcast, version: MessageVersion) -> set[str]:
    """Return the languages that its friends would be spoken to in."""
    if len(version.content) == 1:
        return set(version.content)
    members = select(Friend.language).distinct().join(AudienceMember, AudienceMember.friend_id == Friend.id)
    spoken_by = session.scalars(members.where(AudienceMember.audience_id == broadcast.audience_id))
    return {spoken(language, version.content) for language in spoken_by}


def somebody_is_missing(session: Session, broadcast: Broadcast) -> bool:
    """Tell whether LINE would reach a friend whom the audience does not have."""
    reached = (Friend.line_user_id.is_not(None), Friend.followed_at.is_not(None), Friend.blocked_at.is_(None))
    in_audience = exists().where(
        AudienceMember.audience_id == broadcast.audience_id, AudienceMember.friend_id == Friend.id
    )
    return bool(session.scalar(select(exists().where(*reached, ~in_audience))))
