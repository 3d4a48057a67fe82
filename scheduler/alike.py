"""Judges what waits in chunks of one broadcast by groups that the database makes: most friends are alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import CTE, ColumnElement, Text, case, func, literal, select
from sqlalchemy import cast as cast_sql
from sqlalchemy.orm import Session

from scheduler.candidate_facts import Candidate, Recipient
from scheduler.candidates import progress_of
from scheduler.control_groups import held_out, salt_of
from scheduler.house import House
from scheduler.models import Broadcast, Chunk, Delivery, DeliveryState
from scheduler.recipients import COLUMNS, Weighing
from scheduler.verdicts import Verdict, may_send
from scheduler.waiting import Waiting, first_queued, like
from segments.models import Facts, Friend

_BETWEEN = ","
"""Stands in no id, LINE's included."""


@dataclass
class Judged:
    """A chunk's waiting deliveries, by what was said of them."""

    by_verdict: dict[Verdict, list[Waiting]] = field(default_factory=dict[Verdict, list[Waiting]])
    """In the order of their ids."""
    addresses: dict[int, str] = field(default_factory=dict[int, str])
    """LINE's id of each friend who has one."""


def judge(session: Session, chunks: Sequence[Chunk], house: House) -> dict[int, Judged]:
    """Ask eligibility about every queued delivery of chunks of one broadcast; return what was said, by the chunk's id.

    The deliveries are locked: one cancelled meanwhile must not come to life again. Says of each the same as
    `candidates` and `may_send`; a test holds the two together.
    """
    judged: dict[int, Judged] = {chunk.id: Judged() for chunk in chunks}
    one = first_queued(session, list(judged))
    if one is None:
        return judged
    broadcast = session.get_one(Broadcast, one.broadcast_id)
    weighing = Weighing(house)
    members: dict[tuple[int, Verdict], list[tuple[int, int]]] = {}
    rows = cast("Iterable[Any]", session.execute(_grouped(list(judged), broadcast, house)))
    for chunk_id, ids, friends, addresses, percent, *own in rows:
        verdict = may_send(_candidate(one, weighing.recipient(*own), broadcast, house, percent), house.now)
        these = _numbers(friends)
        members.setdefault((chunk_id, verdict), []).extend(zip(_numbers(ids), these, strict=True))
        if addresses is not None:
            judged[chunk_id].addresses.update(zip(these, addresses.split(_BETWEEN), strict=True))
    for (chunk_id, verdict), those in members.items():
        judged[chunk_id].by_verdict[verdict] = like(one, those)
    return judged


def _candidate(
    one: Waiting, recipient: Recipient, broadcast: Broadcast, house: House, percent: int
) -> Candidate:
    return Candidate(
        recipient=recipient,
        kind=one.kind,
        purpose=one.purpose,
        quiet=house.quiet,
        expires_at=one.expires_at,
        progress=progress_of(broadcast.state),
        open_days=house.open_days(one.kind),
        held_out_of=percent,
    )


def _grouped(chunk_ids: Sequence[int], broadcast: Broadcast, house: House) -> Any:
    """Select a row for each set of friends of a chunk whom eligibility cannot tell apart, with who they are as lists."""
    queued = _locked(chunk_ids)
    drawn = _drawn(broadcast, house)
    return (
        select(
            queued.c.chunk_id,
            func.aggregate_strings(cast_sql(queued.c.id, Text), _BETWEEN),
            func.aggregate_strings(cast_sql(queued.c.friend_id, Text), _BETWEEN),
            func.aggregate_strings(Friend.line_user_id, _BETWEEN),
            drawn,
            *COLUMNS,
        )
        .select_from(queued)
        .join(Friend, Friend.id == queued.c.friend_id)
        .outerjoin(Facts, Facts.friend_id == Friend.id)
        .group_by(queued.c.chunk_id, drawn, *COLUMNS)
    )


def _locked(chunk_ids: Sequence[int]) -> CTE:
    waiting = (Delivery.chunk_id.in_(chunk_ids), Delivery.state == DeliveryState.QUEUED)
    queued = select(Delivery.id, Delivery.friend_id, Delivery.chunk_id).where(*waiting).order_by(Delivery.id)
    return queued.with_for_update(key_share=True).cte("queued")


def _drawn(broadcast: Broadcast, house: House) -> ColumnElement[int]:
    """Return scheduler.house.held_out_of as the database says it."""
    control, own = house.control, broadcast.holdout_percent
    groups = [(control.salt, control.percent), (salt_of(broadcast.id), own)]
    drawn = [(held_out(salt, percent), literal(percent)) for salt, percent in groups if percent]
    return case(*drawn, else_=literal(0)) if drawn else literal(0)


def _numbers(listed: str) -> list[int]:
    return list(map(int, listed.split(_BETWEEN)))
