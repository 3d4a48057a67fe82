"""Records what became of a run of a chunk, and decides what happens next."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, func, insert, select, update
from sqlalchemy.orm import Session

from scheduler import bulk, chunks, contacting, everyone, everyone_choice, manual, meter, savings, throttle
from scheduler.batches import Everyone, Multicast, Pushes
from scheduler.gateway import (
    Accepted,
    GatewayError,
    QuotaExhausted,
    RateLimited,
    RefusedByLine,
    TemporaryGatewayError,
    TokenInvalid,
    UncertainGatewayError,
)
from scheduler.holding import is_held
from scheduler.jobs import JobQueue
from scheduler.models import (
    Attempt,
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkState,
    Delivery,
    DeliveryBody,
    DeliveryState,
    Way,
)

Outcome = Accepted | GatewayError
LONGEST_WAIT = timedelta(minutes=5)
PAUSED_WAIT = timedelta(minutes=1)
"""How long an answer that was lost waits to be asked for again when a broadcast in its push is paused."""
TROUBLE_WAIT = timedelta(minutes=15)
"""How long steps wait when the month's quota is gone or the token is dead: nothing is lost, little is asked."""

NAMES: tuple[tuple[type[GatewayError], str], ...] = (
    (RateLimited, "rate_limited"),
    (TemporaryGatewayError, "temporary"),
    (UncertainGatewayError, "uncertain"),
    (QuotaExhausted, "quota_exhausted"),
    (TokenInvalid, "token_invalid"),
    (RefusedByLine, "refused"),
)


@dataclass(frozen=True)
class Ledger:
    """Where outcomes are written: one transaction, one moment, one queue to go on with."""

    session: Session
    queue: JobQueue
    now: datetime


def name_of(outcome: Outcome) -> str:
    """Return the word under which an outcome is kept."""
    if isinstance(outcome, Accepted):
        return "already_accepted" if outcome.accepted_request_id else "accepted"
    return next((name for kind, name in NAMES if isinstance(outcome, kind)), "failed")


def record_multicast(ledger: Ledger, batch: Multicast, outcome: Outcome | None) -> None:
    """Write down what LINE said to a multicast, one answer for everyone in it; None = not sent, for it was stopped."""
    chunk = ledger.session.get_one(Chunk, batch.chunk_id, with_for_update=True)
    if outcome is not None:
        ledger.session.execute(insert(Attempt), [_attempt(ledger.now, outcome, chunk_id=chunk.id)])
    if isinstance(outcome, Accepted):
        _accept_all(ledger, batch, outcome)
        _close_or_go_on(ledger, chunk)
    elif chunk.generation == batch.generation and chunk.state in chunks.OPEN_CHUNK:
        # Otherwise another worker has run the chunk meanwhile, and what became of it since must stand.
        _record_refused_multicast(ledger, chunk, batch, outcome)


def _record_refused_multicast(
    ledger: Ledger, chunk: Chunk, batch: Multicast, outcome: GatewayError | None
) -> None:
    match outcome:
        case RefusedByLine(recipient_index=index) if index is not None and index < len(batch.delivery_ids):
            _fail(ledger, [batch.delivery_ids[index]], "unknown_recipient")
            _begin_anew(ledger, chunk, batch)
            _go_on(ledger, chunk)
        case RefusedByLine():
            _fail(ledger, batch.delivery_ids, "refused")
            meter.give_back(ledger.session, len(batch.delivery_ids), chunk.first_attempt_at)
            _pause(ledger, chunk, "refused")
            _close_or_go_on(ledger, chunk)
        case QuotaExhausted() | TokenInvalid():
            if not batch.is_resend:
                _begin_anew(ledger, chunk, batch)
            _stop(ledger, chunk, name_of(outcome))
        case None:
            if not batch.is_resend:
                _begin_anew(ledger, chunk, batch)
            _go_on(ledger, chunk)
        case _:
            _go_on(ledger, chunk, _wait(chunk, outcome))


def record_everyone(ledger: Ledger, batch: Everyone, outcome: Outcome | None) -> None:
    """Write down what LINE said to a request for everyone; each friend's delivery follows page by page."""
    chunk = ledger.session.get_one(Chunk, batch.chunk_id, with_for_update=True)
    if outcome is not None:
        ledger.session.execute(insert(Attempt), [_attempt(ledger.now, outcome, chunk_id=chunk.id)])
    if isinstance(outcome, Accepted):
        chunk.request_id = outcome.accepted_request_id or outcome.request_id or "accepted"
    elif chunk.generation == batch.generation and chunk.request_id is None:
        _record_refused_everyone(ledger, chunk, batch, outcome)
    ledger.session.flush()


def _record_refused_everyone(
    ledger: Ledger, chunk: Chunk, batch: Everyone, outcome: GatewayError | None
) -> None:
    certainly_not = outcome is None or isinstance(outcome, RefusedByLine | QuotaExhausted | TokenInvalid)
    if isinstance(outcome, RefusedByLine) or (certainly_not and not batch.is_resend):
        everyone.take_back(ledger.session, chunk)
    match outcome:
        case RefusedByLine():
            # Nobody got it. The way of every other broadcast finds out whether it is the message.
            everyone_choice.fall_back(ledger.session.get_one(Broadcast, batch.broadcast_id), "refused")
            _go_on(ledger, chunk)
        case QuotaExhausted() | TokenInvalid():
            _stop(ledger, chunk, name_of(outcome))
        case None:
            _go_on(ledger, chunk)
        case _:
            _go_on(ledger, chunk, _wait(chunk, outcome))


def record_pushes(ledger: Ledger, batch: Pushes, outcomes: Sequence[Outcome | None]) -> None:
    """Write down what LINE said to each push; None = not sent, for it was stopped or after a fatal answer."""
    chunk = ledger.session.get_one(Chunk, batch.chunk_id, with_for_update=True)
    told = {push.delivery_id: outcome for push, outcome in zip(batch.pushes, outcomes, strict=True)}
    _keep_what_tells(ledger, {id_: outcome for id_, outcome in told.items() if outcome is not None})
    by_id = {id_: told[push.delivery_id] for push in batch.pushes for id_ in batch.deliveries_of(push)}
    said = {id_: outcome for id_, outcome in by_id.items() if outcome is not None}
    accepted = {id_: outcome for id_, outcome in said.items() if isinstance(outcome, Accepted)}
    _accept(ledger, batch, accepted)
    if chunk.broadcast_id is None and accepted:
        manual.remember(ledger.session, list(accepted), ledger.now)
    if len(accepted) == len(by_id):
        chunk.attempts = 1
        _close_or_go_on(ledger, chunk)
        return
    _record_the_rest(ledger, chunk, batch, by_id)


def _record_the_rest(ledger: Ledger, chunk: Chunk, batch: Pushes, by_id: dict[int, Outcome | None]) -> None:
    said = {id_: outcome for id_, outcome in by_id.items() if outcome is not None}
    sending = _still_sending(ledger, list(by_id))
    _give_back(ledger, batch, by_id, sending)
    refused = [id_ for id_ in _of(said, RefusedByLine) if id_ in sending]
    in_company = {id_ for ids in batch.carried.values() for id_ in ids}
    _fail(ledger, [id_ for id_ in refused if id_ not in in_company], "refused")
    # Nobody got it, and one of several may be to blame: each goes alone.
    _requeue(ledger, [id_ for id_ in refused if id_ in in_company], alone=True)
    fatal = next((o for o in said.values() if isinstance(o, QuotaExhausted | TokenInvalid)), None)
    untouched = [id_ for id_ in sending if not _is_answered(by_id[id_])]
    _requeue(ledger, [id_ for id_ in untouched if id_ not in batch.resends])
    if fatal is not None:
        _stop(ledger, chunk, name_of(fatal))
        return
    if any(isinstance(outcome, Accepted) for outcome in said.values()):
        # LINE takes messages: what it did not take this time need not wait as long as if it took none.
        chunk.attempts = 1
    waits = [_wait(chunk, outcome) for outcome in said.values()]
    if any(by_id[id_] is None and id_ in batch.resends for id_ in sending):
        waits.append(PAUSED_WAIT)  # They stay as they are: asked at once again, they would stay as often.
    slowest = max(waits, default=timedelta())
    _close_or_go_on(ledger, chunk, slowest)


def close_idle(ledger: Ledger, chunk_id: int) -> None:
    """Close a chunk whose run found nothing to send, or have it run again when it is its turn."""
    chunk = ledger.session.get(Chunk, chunk_id, with_for_update=True)
    if chunk is None or chunk.state not in chunks.OPEN_CHUNK or is_held(ledger.session, chunk.broadcast_id):
        return
    if chunk.state is ChunkState.SENDING and chunks.finish(ledger.session, chunk, ledger.now):
        return
    # Its turn may have come since it was looked at.
    if chunk.slot_at is not None and chunk.slot_at > ledger.now - throttle.LATE:
        _go_on(ledger, chunk, max(chunk.slot_at - ledger.now, timedelta()))


def _still_sending(ledger: Ledger, delivery_ids: Sequence[int]) -> set[int]:
    """Return those of a run's pushes that wait for its answer.

    A worker that was only cut off may come back with a refusal after another has run the same chunk: what was
    accepted since it must not put back.
    """
    these = bulk.among(ledger.session, Delivery.id, delivery_ids)
    query = select(Delivery.id).where(these, Delivery.state == DeliveryState.SENDING)
    return set(ledger.session.scalars(query))


def _give_back(
    ledger: Ledger, batch: Pushes, by_id: dict[int, Outcome | None], sending: Collection[int]
) -> None:
    """Return the messages of the pushes of this run that LINE certainly did not take to the month's meter."""
    firsts = [push.delivery_id for push in batch.pushes if push.delivery_id in sending]
    lost = [
        id_
        for id_ in firsts
        # What LINE had taken before it would not refuse now: it knows the key.
        if isinstance(by_id[id_], RefusedByLine)
        or (id_ not in batch.resends and not _is_answered(by_id[id_]))
    ]
    if lost:
        these = bulk.among(ledger.session, Delivery.id, lost)
        at = ledger.session.scalar(select(func.min(Delivery.first_attempt_at)).where(these))
        meter.give_back(ledger.session, len(lost), at)


def _is_answered(outcome: Outcome | None) -> bool:
    """Tell whether LINE dealt with a push, rather than with the account behind all of them."""
    return outcome is not None and not isinstance(outcome, QuotaExhausted | TokenInvalid)


def _of(said: dict[int, Outcome], kind: type[GatewayError]) -> list[int]:
    return [id_ for id_, outcome in said.items() if isinstance(outcome, kind)]


def _keep_what_tells(ledger: Ledger, said: dict[int, Outcome]) -> None:
    """Keep calls that did not simply succeed; of those that did the delivery says all there is to say."""
    rows = [
        _attempt(ledger.now, outcome, delivery_id=id_)
        for id_, outcome in said.items()
        if not isinstance(outcome, Accepted) or outcome.accepted_request_id
    ]
    if rows:
        ledger.session.execute(insert(Attempt), rows)


def _attempt(now: datetime, outcome: Outcome, **subject: int) -> dict[str, object]:
    accepted = isinstance(outcome, Accepted)
    return {
        "delivery_id": subject.get("delivery_id"),
        "chunk_id": subject.get("chunk_id"),
        "at": now,
        "outcome": name_of(outcome),
        "status": None if accepted else outcome.status,
        "request_id": outcome.request_id,
        "accepted_request_id": outcome.accepted_request_id if accepted else None,
        "error": None if accepted else str(outcome)[:500],
    }


def _accept(ledger: Ledger, batch: Pushes, accepted: dict[int, Accepted]) -> None:
    if not accepted:
        return
    ids = [outcome.accepted_request_id or outcome.request_id for outcome in accepted.values()]
    columns = {"id": list(accepted), "request_id": ids}
    ended = {"state": DeliveryState.ACCEPTED, "reason": None, "ended_at": ledger.now}
    news = contacting.news_of(ledger.session, accepted)
    bulk.update_columns(ledger.session, Delivery, "id", columns, **ended)
    pushed = [push for push in batch.pushes if push.delivery_id in accepted]
    carried = [[news[id_] for id_ in batch.deliveries_of(push) if id_ in news] for push in pushed]
    contacting.tell(ledger.session, carried, ledger.now)
    saved = sum(len(each) - 1 for each in carried if each)
    savings.note(ledger.session, Way.BUNDLE, saved, ledger.now)


def accept_mail(ledger: Ledger, delivery_id: int, message_id: str | None) -> None:
    """Write down that a mail server took a mail, which is a contact like any other and costs no LINE message."""
    news = contacting.news_of(ledger.session, [delivery_id])
    taken = {"state": DeliveryState.ACCEPTED, "reason": None, "request_id": (message_id or "")[:64]}
    _end(ledger, Delivery.id == delivery_id, **taken)
    contacting.tell(ledger.session, [list(news.values())], ledger.now)


def _accept_all(ledger: Ledger, batch: Multicast, outcome: Accepted) -> None:
    these = bulk.among(ledger.session, Delivery.id, batch.delivery_ids)
    # One answer for all: when one of them was recorded before, so were the others.
    is_news = contacting.is_news(ledger.session, batch.delivery_ids[0])
    _end(
        ledger,
        these,
        state=DeliveryState.ACCEPTED,
        reason=None,
        request_id=outcome.accepted_request_id or outcome.request_id,
    )
    if is_news is not None:
        contacting.tell_alike(ledger.session, batch.friend_ids, is_news, ledger.now)


def _fail(ledger: Ledger, delivery_ids: Sequence[int], reason: str) -> None:
    these = bulk.among(ledger.session, Delivery.id, delivery_ids)
    is_open = these & Delivery.state.in_(chunks.OPEN_DELIVERY)
    _end(ledger, is_open, state=DeliveryState.FAILED, reason=reason)


def _end(ledger: Ledger, which: ColumnElement[bool], **values: object) -> None:
    ended = update(Delivery).where(which).values(ended_at=ledger.now, **values)
    ledger.session.execute(ended.execution_options(synchronize_session=False))


def _requeue(ledger: Ledger, delivery_ids: Sequence[int], *, alone: bool = False) -> None:
    """Take back what LINE certainly did not take, its body as well: the next run asks and renders anew.

    `alone`: from now on each goes in a push of its own.
    """
    if delivery_ids:
        bodies = bulk.among(ledger.session, DeliveryBody.delivery_id, delivery_ids)
        ledger.session.execute(delete(DeliveryBody).where(bodies))
        taken_back = update(Delivery).where(bulk.among(ledger.session, Delivery.id, delivery_ids))
        kept = case((Delivery.carried_by == Delivery.id, Delivery.id))
        values = {
            "state": DeliveryState.QUEUED,
            "first_attempt_at": None,
            "carried_by": Delivery.id if alone else kept,
        }
        ledger.session.execute(taken_back.values(values).execution_options(synchronize_session=False))


def _begin_anew(ledger: Ledger, chunk: Chunk, batch: Multicast) -> None:
    """Take back a multicast that LINE certainly did not take: its next body goes under another key."""
    meter.give_back(ledger.session, len(batch.delivery_ids), chunk.first_attempt_at)
    chunk.generation += 1
    chunk.messages, chunk.retry_key, chunk.first_attempt_at = None, None, None


def _wait(chunk: Chunk, outcome: Outcome) -> timedelta:
    if isinstance(outcome, TemporaryGatewayError) and outcome.retry_after is not None:
        return min(outcome.retry_after, LONGEST_WAIT)
    if isinstance(outcome, TemporaryGatewayError | UncertainGatewayError):
        return min(timedelta(seconds=2 ** min(chunk.attempts, 10) / 2), LONGEST_WAIT)
    return timedelta()


def _close_or_go_on(ledger: Ledger, chunk: Chunk, delay: timedelta = timedelta()) -> None:
    if not chunks.finish(ledger.session, chunk, ledger.now):
        _go_on(ledger, chunk, delay)


def _go_on(ledger: Ledger, chunk: Chunk, delay: timedelta = timedelta()) -> None:
    if is_held(ledger.session, chunk.broadcast_id):
        return  # Whoever lets it go on puts it on the queue.
    chunks.enqueue(ledger.session, ledger.queue, chunk, ledger.now, delay)


def _stop(ledger: Ledger, chunk: Chunk, reason: str) -> None:
    if chunk.broadcast_id is not None:
        _pause(ledger, chunk, reason)
        return
    # Steps have no campaign to pause: they wait, and the tick collects them again.
    ledger.session.execute(
        update(Delivery)
        .where(Delivery.chunk_id == chunk.id, Delivery.state == DeliveryState.QUEUED)
        .values(chunk_id=None, not_before=ledger.now + TROUBLE_WAIT, reason=reason)
    )
    _close_or_go_on(ledger, chunk, TROUBLE_WAIT)


def _pause(ledger: Ledger, chunk: Chunk, reason: str) -> None:
    ledger.session.execute(
        update(Broadcast)
        .where(
            Broadcast.id == chunk.broadcast_id,
            Broadcast.state.in_([BroadcastState.PLANNING, BroadcastState.SENDING]),
        )
        .values(state=BroadcastState.PAUSED, state_reason=reason)
    )
