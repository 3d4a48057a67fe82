"""Who of an audience would not get a broadcast, and why, before it is sent: eligibility asked of a sample of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, literal, select
from sqlalchemy.orm import Session

from scheduler import candidates
from scheduler.models import Broadcast, DeliveryKind, DeliveryState, Purpose
from scheduler.verdicts import Held, Refused, may_send
from scheduler.waiting import Waiting
from segments import audience, conditions
from segments.leaves.chance import PRIME, drawn
from segments.models import AudienceMember, Facts, Friend

SAMPLE = 500
SALT = "foretelling"


@dataclass(frozen=True)
class Foretold:
    """How many of an audience would get it, by what eligibility says of a sample; of a small one, of everybody."""

    asked: int
    """Friends that eligibility was asked about."""
    recipients: int
    refused: Mapping[str, int]
    """By reason, reckoned up to the whole audience, the most frequent first."""
    held: Mapping[str, int]
    """Those who would get it later."""

    @property
    def is_exact(self) -> bool:
        """Whether everybody was asked about."""
        return self.asked >= self.recipients

    @property
    def reached(self) -> int:
        """How many would get it, at once or later."""
        return max(0, self.recipients - sum(self.refused.values()))


def foretell(
    session: Session, broadcast: Broadcast, purpose: Purpose, recipients: int, at: datetime, now: datetime
) -> Foretold:
    """Ask what would become of a broadcast that leaves at `at`; nothing is written."""
    ids = _sample(session, broadcast, recipients, now)
    open_state = DeliveryState.QUEUED
    rows = [
        Waiting(
            -friend_id,
            friend_id,
            open_state,
            None,
            DeliveryKind.BROADCAST,
            purpose,
            broadcast.id,
            None,
            None,
            broadcast.expires_at,
        )
        for friend_id in ids
    ]
    refused: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for candidate in candidates.candidates(session, rows, at) if rows else []:
        match may_send(candidate, at):
            case Refused(reason=reason):
                refused[reason.value] += 1
            case Held(reason=reason):
                held[reason.value] += 1
            case _:
                pass
    times = recipients / len(ids) if len(ids) < recipients and ids else 1
    return Foretold(len(ids), recipients, _reckoned(refused, times), _reckoned(held, times))


def _reckoned(counts: Counter[str], times: float) -> dict[str, int]:
    return {reason: round(count * times) for reason, count in counts.most_common()}


def _sample(session: Session, broadcast: Broadcast, recipients: int, now: datetime) -> list[int]:
    """Return at most 500 of the audience, drawn by lot: the same ones while nobody comes or goes."""
    if broadcast.condition is not None:
        query = (
            select(Friend.id)
            .join(Facts, Facts.friend_id == Friend.id)
            .where(audience.matching(session, conditions.parse(broadcast.condition), now))
        )
    else:
        listed = AudienceMember.audience_id == broadcast.audience_id
        query = select(Friend.id).join(AudienceMember, AudienceMember.friend_id == Friend.id).where(listed)
    if recipients > SAMPLE:
        # A tenth more than needed: how many a lot hits varies.
        share = min(1.0, 1.1 * SAMPLE / recipients)
        query = query.where(drawn(Friend.id, SALT) < literal(int(PRIME * share), BigInteger()))
    return list(session.scalars(query.limit(SAMPLE)))
