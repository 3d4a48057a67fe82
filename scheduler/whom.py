"""An audience, and who is in it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from segments import audience
from segments.conditions import Condition
from segments.models import AudienceMember, Facts, Friend


@dataclass(frozen=True)
class Whom:
    """An audience, by its condition or as a frozen list."""

    condition: Condition | None = None
    audience_id: int | None = None


def friends_of(session: Session, whom: Whom, now: datetime) -> Select[int]:
    """Select the ids of the friends an audience is made of as of `now`, in no order."""
    if whom.condition is not None:
        matching = audience.matching(session, whom.condition, now)
        return select(Friend.id).join(Facts, Facts.friend_id == Friend.id).where(matching)
    listed = AudienceMember.audience_id == whom.audience_id
    return select(Friend.id).join(AudienceMember, AudienceMember.friend_id == Friend.id).where(listed)
