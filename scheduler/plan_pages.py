"""Cuts the next page of a frozen audience into parts of one language, each as many friends as a chunk holds."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, case, func, literal, select
from sqlalchemy.orm import Session

from scheduler import chunks, messages, throttle
from scheduler.models import Broadcast, MessageVersion
from segments.models import AudienceMember, Friend

PAGE = 20 * chunks.CHUNK_SIZE


class Span(NamedTuple):
    """Friends of one language between two ids, as many as a chunk holds."""

    language: str
    first: int
    last: int


def spans(session: Session, broadcast: Broadcast, languages: Sequence[str]) -> list[Span]:
    """Cut the next page of the audience into chunks, without reading its friends."""
    page = _page(broadcast, languages).subquery()
    place = func.row_number().over(partition_by=page.c.language, order_by=page.c.friend_id) - 1
    size = throttle.chunk_size(broadcast.per_minute, chunks.CHUNK_SIZE)
    cut = select(page.c.friend_id, page.c.language, (place // size).label("part")).subquery()
    rows = session.execute(
        select(cut.c.language, func.min(cut.c.friend_id), func.max(cut.c.friend_id))
        .group_by(cut.c.language, cut.c.part)
        .order_by(cut.c.language, cut.c.part)
    )
    return [Span(*row) for row in rows]


def members(broadcast: Broadcast, span: Span, version: MessageVersion) -> Select[int]:
    """Return the ids of the friends of one part."""
    found = select(AudienceMember.friend_id).where(
        AudienceMember.audience_id == broadcast.audience_id,
        AudienceMember.friend_id.between(span.first, span.last),
    )
    if len(version.content) == 1:
        return found
    speaks = _spoken(sorted(version.content)) == span.language
    return found.join(Friend, Friend.id == AudienceMember.friend_id).where(speaks)


def _page(broadcast: Broadcast, languages: Sequence[str]) -> Select[int, str]:
    """Return the next friends of the audience and the language each is written to."""
    # Limited before the join: PostgreSQL would otherwise join everybody for each page.
    friends = (
        select(AudienceMember.friend_id)
        .where(
            AudienceMember.audience_id == broadcast.audience_id,
            AudienceMember.friend_id > broadcast.planned_through,
        )
        .order_by(AudienceMember.friend_id)
        .limit(PAGE)
        .subquery()
    )
    if len(languages) == 1:
        return select(friends.c.friend_id, literal(languages[0]).label("language"))
    return select(friends.c.friend_id, _spoken(languages).label("language")).join(
        Friend, Friend.id == friends.c.friend_id
    )


def _spoken(languages: Sequence[str]) -> ColumnElement[str]:
    """Return scheduler.messages.spoken as the database says it."""
    fallback = literal(messages.spoken("", languages))
    return case((Friend.language.in_(languages), Friend.language), else_=fallback)
