"""Who of an audience would get a send, and why the others would not: the judge itself, asked before anything is sent."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import BigInteger, literal
from sqlalchemy.orm import Session

from scheduler import candidates, mail_settings
from scheduler.candidate_facts import Candidate, Channel
from scheduler.mail_instead import INSTEAD
from scheduler.models import Broadcast, DeliveryKind, DeliveryState, Purpose
from scheduler.verdicts import Allowed, Held, Refused, Verdict, may_send
from scheduler.waiting import Waiting
from scheduler.whom import Whom, friends_of
from segments import mail_consent
from segments.leaves.chance import PRIME, drawn
from segments.models import Friend

EXACT = 10_000
"""Up to so many friends everybody is asked about."""
SAMPLE = 2_000
"""How many are drawn by lot from a larger audience: the share is then known to about two percent."""
SALT = "foretelling"
PAGE = 2_500
"""Friends that are asked about together; few pages, because each takes a handful of queries."""


@dataclass(frozen=True)
class Foretold:
    """How many of an audience would get it, by what the judge says of a sample; of a small one, of everybody."""

    asked: int
    """Friends that were asked about."""
    recipients: int
    reached: int
    """Who would get it on LINE, at once or later: what LINE counts."""
    by_mail: int
    """Who would get it by mail instead, which costs no message."""
    refused: Mapping[str, int]
    """By reason, reckoned up to the whole audience, the most frequent first."""
    held: Mapping[str, int]
    """Those who would get it later."""

    @property
    def friends(self) -> int:
        """Who would get it in all, on LINE or by mail."""
        return self.reached + self.by_mail

    @property
    def is_exact(self) -> bool:
        """Whether everybody was asked about."""
        return self.asked >= self.recipients


def foretell(
    session: Session,
    whom: Whom,
    purpose: Purpose,
    recipients: int,
    at: datetime,
    now: datetime,
    broadcast_id: int | None = None,
) -> Foretold:
    """Ask what would become of a send that leaves at `at`; nothing is written.

    `recipients` is the size of the audience as of `now`; `broadcast_id` the send itself when it is stored, which says
    until when it makes sense, whom it holds out and whether it goes by mail.
    """
    broadcast = session.get(Broadcast, broadcast_id) if broadcast_id is not None else None
    ids = _asked(session, whom, recipients, now)
    said: Counter[tuple[str, str]] = Counter()
    for start in range(0, len(ids), PAGE):
        said.update(_judged(session, ids[start : start + PAGE], purpose, broadcast, at))
    return _reckoned(said, len(ids), recipients)


def _reckoned(said: Counter[tuple[str, str]], asked: int, recipients: int) -> Foretold:
    times = recipients / asked if asked and asked < recipients else 1
    counts = [(what, reason, round(count * times)) for (what, reason), count in said.most_common()]
    refused = {reason: count for what, reason, count in counts if what == _REFUSED}
    by_mail = sum(count for what, _, count in counts if what == _MAIL)
    left = recipients if asked else 0
    return Foretold(
        asked=asked,
        recipients=recipients,
        # What is left, so that the parts are the whole also when they were rounded.
        reached=max(0, left - by_mail - sum(refused.values())),
        by_mail=by_mail,
        refused=refused,
        held={reason: count for what, reason, count in counts if what == _HELD},
    )


_REFUSED, _HELD, _MAIL, _NOW = "refused", "held", "mail", "now"


def _judged(
    session: Session, friend_ids: Sequence[int], purpose: Purpose, broadcast: Broadcast | None, at: datetime
) -> Iterator[tuple[str, str]]:
    rows = [_hypothetical(friend_id, purpose, broadcast) for friend_id in friend_ids]
    found = candidates.candidates(session, rows, at)
    # Many share one candidate, which is judged once.
    verdicts = {id(each): may_send(each, at) for each in {id(one): one for one in found}.values()}
    by_mail = _with_mail(session, friend_ids, purpose, broadcast)
    for friend_id, candidate in zip(friend_ids, found, strict=True):
        verdict = verdicts[id(candidate)]
        if friend_id in by_mail and isinstance(verdict, Refused) and verdict.reason in INSTEAD:
            yield _told(_by_mail(candidate, at), arrives=_MAIL)
        else:
            yield _told(verdict, arrives=_NOW)


def _told(verdict: Verdict, *, arrives: str) -> tuple[str, str]:
    match verdict:
        case Refused(reason=reason):
            return _REFUSED, reason.value
        case Held(reason=reason):
            return (_HELD if arrives == _NOW else arrives), reason.value
        case Allowed():
            return arrives, ""


def _by_mail(candidate: Candidate, at: datetime) -> Verdict:
    who = replace(candidate.recipient, by_mail=True)
    return may_send(replace(candidate, recipient=who, channel=Channel.MAIL), at)


def _hypothetical(friend_id: int, purpose: Purpose, broadcast: Broadcast | None) -> Waiting:
    return Waiting(
        id=-friend_id,
        friend_id=friend_id,
        state=DeliveryState.QUEUED,
        first_attempt_at=None,
        kind=DeliveryKind.BROADCAST,
        purpose=purpose,
        broadcast_id=broadcast.id if broadcast else None,
        enrolment_id=None,
        message_version_id=None,
        expires_at=broadcast.expires_at if broadcast else None,
    )


def _with_mail(
    session: Session, friend_ids: Sequence[int], purpose: Purpose, broadcast: Broadcast | None
) -> set[int]:
    """Return those who may get it by mail when LINE cannot bring it."""
    marked = purpose is Purpose.SERVICE or (broadcast is not None and broadcast.by_mail)
    if not marked or not mail_settings.load(session).is_complete:
        return set()
    return set(mail_consent.addresses(session, friend_ids))


def _asked(session: Session, whom: Whom, recipients: int, now: datetime) -> list[int]:
    """Return everybody of a small audience, of a large one those drawn by lot: the same while nobody comes or goes."""
    query = friends_of(session, whom, now)
    if recipients <= EXACT:
        return list(session.scalars(query))
    lot = drawn(Friend.id, SALT) < literal(PRIME * SAMPLE // recipients, BigInteger())
    return list(session.scalars(query.where(lot)))
