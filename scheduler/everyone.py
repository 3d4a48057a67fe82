"""A broadcast to all friends in one request: LINE's own broadcast, with each friend's delivery recorded all the same.

LINE sends it to everybody who follows the account, whatever we think of it. So it may be used only while nobody in the
audience would be refused or held, other than those whom LINE leaves out itself; otherwise the broadcast takes the way of
every other, requests that name friends, and says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scheduler import chunks, meter
from scheduler.batches import Everyone, chunk_key, key_expired
from scheduler.eligibility import Allowed, Reason, Refused, Verdict, candidates, may_send
from scheduler.everyone_choice import Why, fall_back, languages, somebody_is_missing
from scheduler.holding import is_held
from scheduler.jobs import JobQueue
from scheduler.messages import FALLBACK, BadTemplate, RenderError, render
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkMode,
    ChunkState,
    Delivery,
    DeliveryState,
    Message,
    MessageVersion,
    Purpose,
    Through,
)
from scheduler.template_facts import shop_facts
from scheduler.waiting import Waiting, of_everyone
from segments import shop

PAGE = 500
LEFT_OUT_BY_LINE = frozenset({Reason.BLOCKED, Reason.NOT_FOLLOWING, Reason.NO_LINE_ID})
KEY_EXPIRED = "retry_key_expired"


class Stage(Enum):
    """What is to be done next with such a chunk; each is derived from its rows, so that a crash loses nothing."""

    JUDGE = "judge"
    SEND = "send"
    RECORD = "record"
    GIVE_UP = "give_up"
    """More than 24 hours after the first attempt nobody can know what LINE did."""
    DROP = "drop"
    """It was cancelled, and LINE certainly has not taken it."""
    CUT = "cut"
    """Into requests that name friends."""
    NOTHING = "nothing"


@dataclass(frozen=True)
class Judged:
    """What one page of friends says of the broadcast."""

    last_id: int
    """The last delivery looked at; 0 when none was left."""
    allowed: int = 0
    left_out: Mapping[Verdict, Sequence[Waiting]] = field(default_factory=dict[Verdict, Sequence[Waiting]])
    """Those whom LINE leaves out itself, to be written down by scheduler.preparing.keep_back."""
    obstacle: str | None = None
    """Why it may not go to everyone."""


def chunk_of(session: Session, broadcast: Broadcast, version: MessageVersion, now: datetime) -> Chunk:
    """Return the one chunk of such a broadcast, made on its first page; no job has it before planning is through."""
    found = select(Chunk).where(Chunk.broadcast_id == broadcast.id, Chunk.mode == ChunkMode.EVERYONE)
    chunk = session.scalars(found).first()
    if chunk is None:
        (language,) = languages(session, broadcast, version) or set(version.content)
        chunk = Chunk(broadcast_id=broadcast.id, mode=ChunkMode.EVERYONE, language=language, created_at=now)
        session.add(chunk)
        session.flush()
    return chunk


def enqueue(session: Session, queue: JobQueue, broadcast: Broadcast, now: datetime) -> None:
    """Put the job of such a broadcast on the queue, once it is planned to the end."""
    found = select(Chunk).where(
        Chunk.broadcast_id == broadcast.id,
        Chunk.mode == ChunkMode.EVERYONE,
        Chunk.state.in_(chunks.OPEN_CHUNK),
    )
    for chunk in session.scalars(found):
        chunks.enqueue(session, queue, chunk, now)


def batch_of(chunk: Chunk) -> Everyone:
    """Return what a run of such a chunk is about."""
    assert chunk.broadcast_id is not None, "what goes to everyone is a broadcast"
    return Everyone(chunk.id, chunk.broadcast_id)


def begin(session: Session, chunk_id: int, now: datetime) -> Stage:
    """Count a run, and return what is to be done first."""
    chunk = session.get_one(Chunk, chunk_id, with_for_update=True)
    chunk.attempts += 1
    return _stage_of(session, chunk, now)


def after_the_call(session: Session, chunk_id: int, now: datetime) -> Stage:
    """Return what is to be done once LINE's answer is written down."""
    stage = _stage_of(session, session.get_one(Chunk, chunk_id), now)
    # Anything else has a job of its own by now, at the time the answer asked for.
    return stage if stage is Stage.RECORD else Stage.NOTHING


def request(session: Session, batch: Everyone) -> Everyone:
    """Return the request as it was written down."""
    chunk = session.get_one(Chunk, batch.chunk_id)
    return replace(
        batch,
        messages=tuple(chunk.messages or ()),
        generation=chunk.generation,
        is_resend=batch.is_resend or chunk.attempts > 1,
    )


def _stage_of(session: Session, chunk: Chunk, now: datetime) -> Stage:
    broadcast = session.get_one(Broadcast, chunk.broadcast_id)
    if broadcast.planned_at is None or chunk.state not in chunks.OPEN_CHUNK:
        return Stage.NOTHING
    if chunk.request_id is not None:
        return Stage.RECORD
    if chunk.first_attempt_at is not None:
        return Stage.GIVE_UP if key_expired(chunk.first_attempt_at, now) else Stage.SEND
    if broadcast.state is BroadcastState.CANCELLED:
        return Stage.DROP
    return Stage.JUDGE if broadcast.through is Through.BROADCAST else Stage.CUT


def judge(session: Session, chunk_id: int, after: int, now: datetime) -> Judged:
    """Ask about the next page of friends; changes nothing, so that it may read while others write."""
    page = of_everyone(session, chunk_id, after, PAGE)
    if not page:
        return Judged(0)
    allowed, left_out = 0, dict[Verdict, list[Waiting]]()
    for each, verdict in zip(page, _verdicts(session, page, now), strict=True):
        if isinstance(verdict, Allowed):
            allowed += 1
        elif isinstance(verdict, Refused) and verdict.reason in LEFT_OUT_BY_LINE:
            left_out.setdefault(verdict, []).append(each)
        else:
            return Judged(each.id, obstacle=f"{Why.FRIEND_LEFT_OUT.value}:{verdict.reason}")
    return Judged(page[-1].id, allowed, left_out)


def _verdicts(session: Session, page: Sequence[Waiting], now: datetime) -> list[Verdict]:
    known: dict[int, Verdict] = {}
    asked = candidates(session, page, now)
    for each in asked:
        if id(each) not in known:
            known[id(each)] = may_send(each, now)
    return [known[id(each)] for each in asked]


def decide(session: Session, chunk_id: int, allowed: int, obstacle: str | None, now: datetime) -> Stage:
    """Once everybody was asked: write down what LINE is about to be asked, before it is, or take another way.

    Body, key and what it costs are fixed here. Ends in SEND or CUT, or in NOTHING when it was cancelled or paused meanwhile.
    """
    chunk = session.get_one(Chunk, chunk_id, with_for_update=True)
    broadcast = session.get_one(Broadcast, chunk.broadcast_id, with_for_update={"key_share": True})
    if _stage_of(session, chunk, now) is not Stage.JUDGE or is_held(session, chunk.broadcast_id):
        return Stage.NOTHING
    if obstacle is None and somebody_is_missing(session, broadcast):
        obstacle = Why.NOT_EVERYONE.value
    if obstacle is not None:
        fall_back(broadcast, obstacle)
        return Stage.CUT
    return _fix(session, chunk, broadcast, allowed, now)


def _fix(session: Session, chunk: Chunk, broadcast: Broadcast, allowed: int, now: datetime) -> Stage:
    version = session.get_one(MessageVersion, broadcast.message_version_id)
    language = chunk.language or FALLBACK
    try:
        body = list(render(version.content, language, shop_facts(shop.load(session), language)))
    except (RenderError, BadTemplate):
        return _cut(broadcast, Why.BROKEN)
    if allowed == 0:
        return (
            Stage.RECORD
        )  # LINE leaves everybody out itself: nothing is asked of it, and the chunk is closed.
    sales = session.get_one(Message, version.message_id).purpose is Purpose.SALES
    granted = meter.claim(session, allowed, now, sales=sales)
    if granted < allowed:
        meter.give_back(session, granted, now)
        return _cut(broadcast, Why.MONEY)
    chunk.messages, chunk.state = body, ChunkState.SENDING
    chunk.retry_key, chunk.first_attempt_at = str(chunk_key(chunk.id, chunk.generation)), now
    chunk.attempts = 1  # From here on another run is another attempt of the same request.
    return Stage.SEND


def _cut(broadcast: Broadcast, why: Why) -> Stage:
    fall_back(broadcast, why.value)
    return Stage.CUT


def take_back(session: Session, chunk: Chunk, *, keep_key: bool = False) -> None:
    """Take back what LINE certainly did not take; unless `keep_key`, the next body goes under another key."""
    waiting = (Delivery.chunk_id == chunk.id, Delivery.state == DeliveryState.QUEUED)
    claimed = session.scalar(select(func.count()).select_from(Delivery).where(*waiting)) or 0
    meter.give_back(session, claimed, chunk.first_attempt_at)
    if not keep_key:
        chunk.generation += 1
    chunk.messages, chunk.retry_key, chunk.first_attempt_at = None, None, None
