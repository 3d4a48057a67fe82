"""Messages tried on a sample of real friends before they are sent: for how many they cannot be made, and why."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from scheduler import messages
from scheduler.reasons import Reason
from scheduler.sample_facts import facts_to_look_at
from scheduler.whom import Whom, friends_of
from segments.compiler import sendable
from segments.models import Friend

AT_EACH_END = 50
"""Friends tried who came last, and who are here longest: the first have no purchases yet, the others have everything."""
LOOKED_AT = 2_000
"""Friends at each end of the table among whom they are looked for first: of most audiences enough are there."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Tried:
    """For how many friends a message was made, and for how many of them it cannot be: they alone would be skipped."""

    friends: int = 0
    failing: Mapping[str, int] = field(default_factory=dict[str, int])
    """By reason as `RenderError.reason` has it, the most frequent first."""

    @property
    def failed(self) -> int:
        """How many of them would not get it."""
        return sum(self.failing.values())


def try_one(
    session: Session, content: messages.MessageContent, now: datetime, whom: Whom | None = None
) -> Tried:
    """Make a message for a sample of an audience, of all who can be sent to when None; nothing is written.

    A message without facts is not tried: it is the same for all, and `friends` is 0.
    """
    return try_each(session, {0: content}, now, whom)[0]


def try_each(
    session: Session,
    contents: Mapping[Key, messages.MessageContent],
    now: datetime,
    whom: Whom | None = None,
) -> dict[Key, Tried]:
    """Make several messages for the same sample, whose facts are asked for once."""
    wanted = {key: _wanted(content) for key, content in contents.items()}
    names = frozenset[str]().union(*wanted.values())
    if not names:
        return {key: Tried() for key in contents}
    ids = sample(session, now, whom)
    # Nothing starts a send to an audience: it has no cause, and whoever names one there finds nothing.
    facts = facts_to_look_at(session, ids, names, now, is_started=whom is None) if ids else {}
    return {
        key: _tried(content, list(facts.values())) if wanted[key] else Tried()
        for key, content in contents.items()
    }


def _wanted(content: messages.MessageContent) -> frozenset[str]:
    """Return the facts that a personal message names, without their parts; none of one that is the same for all."""
    try:
        named = messages.named_facts(content) if messages.is_personal(content) else ()
    except messages.BadTemplate:
        return frozenset({"name"})  # Written under other rules than today's: nobody would get it.
    return frozenset(fact.split(".")[0] for fact in named)


def _tried(content: messages.MessageContent, friends: Sequence[Mapping[str, Any]]) -> Tried:
    reasons = Counter(reason for known in friends if (reason := _hindrance(content, known)))
    return Tried(len(friends), dict(reasons.most_common()))


def _hindrance(content: messages.MessageContent, known: Mapping[str, Any]) -> str:
    """Return why one friend would not get it; "" if nothing hinders it."""
    try:
        writer = messages.writer_of(content)
        writer.write(messages.spoken(known["language"], writer.languages), known)
    except messages.RenderError as error:
        return error.reason
    except messages.BadTemplate:
        return Reason.TEMPLATE_FAILED
    return ""


def sample(session: Session, now: datetime, whom: Whom | None = None) -> list[int]:
    """Return the ids of up to 100 friends who can be sent to: of those in the audience the newest and the oldest."""
    among = friends_of(session, whom, now) if whom else select(Friend.id)
    among = among.where(sendable())
    return sorted(_at_the_ends(session, among) or _in_all(session, among))


def _at_the_ends(session: Session, among: Select[int]) -> set[int]:
    """Return those found among the first and the last few friends there are; none when that is not enough of them."""
    ids = select(Friend.id).limit(LOOKED_AT)
    newest = select(func.min(ids.order_by(Friend.id.desc()).subquery().c.id))
    oldest = select(func.max(ids.order_by(Friend.id).subquery().c.id))
    last = among.where(Friend.id >= newest.scalar_subquery()).order_by(Friend.id.desc())
    first = among.where(Friend.id <= oldest.scalar_subquery()).order_by(Friend.id)
    found: set[int] = set()
    for end in (last, first):
        here = session.scalars(end.limit(AT_EACH_END)).all()
        if len(here) < AT_EACH_END:
            return set()
        found.update(here)
    return found


def _in_all(session: Session, among: Select[int]) -> set[int]:
    """Return them from wherever they are; the condition is asked once, as when they are counted.

    Ordered by the primary key a database would rather walk along it and ask of each friend one by one.
    """
    all_of_them = among.cte("all_of_them")
    ids = select(all_of_them.c.id).limit(AT_EACH_END)
    ends = or_(
        all_of_them.c.id.in_(ids.order_by(all_of_them.c.id.desc())),
        all_of_them.c.id.in_(ids.order_by(all_of_them.c.id)),
    )
    return set(session.scalars(select(all_of_them.c.id).where(ends)))
