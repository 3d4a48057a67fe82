"""Records what LINE said to each personal push of a run."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import case, delete, func, insert, select, update

from scheduler import bulk, contacting, manual, meter, savings
from scheduler.batches import Pushes
from scheduler.gateway import Accepted, GatewayError, NotTaken, QuotaExhausted, RefusedByLine, TokenInvalid
from scheduler.going_on import close_or_go_on, stop, wait
from scheduler.ledger import Ledger, Outcome, attempt, fail, name_of
from scheduler.models import Attempt, Chunk, Delivery, DeliveryBody, DeliveryState, Way

PAUSED_WAIT = timedelta(minutes=1)
"""How long an answer that was lost waits to be asked for again when a broadcast in its push is paused."""


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
        close_or_go_on(ledger, chunk)
        return
    _record_the_rest(ledger, chunk, batch, by_id)


def _record_the_rest(ledger: Ledger, chunk: Chunk, batch: Pushes, by_id: dict[int, Outcome | None]) -> None:
    said = {id_: outcome for id_, outcome in by_id.items() if outcome is not None}
    sending = _still_sending(ledger, chunk.id, list(by_id))
    _give_back(ledger, batch, by_id, sending)
    refused = [id_ for id_ in _of(said, RefusedByLine) if id_ in sending]
    in_company = {id_ for ids in batch.carried.values() for id_ in ids}
    fail(ledger, [id_ for id_ in refused if id_ not in in_company], "refused")
    # Nobody got it, and one of several may be to blame: each goes alone.
    _requeue(ledger, [id_ for id_ in refused if id_ in in_company], alone=True)
    fatal = next((o for o in said.values() if isinstance(o, QuotaExhausted | TokenInvalid)), None)
    untouched = [id_ for id_ in sending if not _is_answered(by_id[id_])]
    _requeue(ledger, [id_ for id_ in untouched if id_ not in batch.resends])
    if fatal is not None:
        stop(ledger, chunk, name_of(fatal))
        return
    if any(isinstance(outcome, Accepted) for outcome in said.values()):
        # LINE takes messages: what it did not take this time need not wait as long as if it took none.
        chunk.attempts = 1
    waits = [wait(chunk, outcome) for outcome in said.values()]
    if any(by_id[id_] is None and id_ in batch.resends for id_ in sending):
        waits.append(PAUSED_WAIT)  # They stay as they are: asked at once again, they would stay as often.
    slowest = max(waits, default=timedelta())
    close_or_go_on(ledger, chunk, slowest)


def _still_sending(ledger: Ledger, chunk_id: int, delivery_ids: Sequence[int]) -> set[int]:
    """Return those of a run's pushes that wait for its answer.

    A worker that was only cut off may come back with a refusal after another has run the same chunk: what was
    accepted since it must not put back, nor what a person has sent again since, which is in another chunk.
    """
    these = bulk.among(ledger.session, Delivery.id, delivery_ids)
    here = (Delivery.chunk_id == chunk_id, Delivery.state == DeliveryState.SENDING)
    query = select(Delivery.id).where(these, *here)
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
    """Tell whether LINE dealt with a push, rather than with the account behind all of them or with none of it."""
    return outcome is not None and not isinstance(outcome, QuotaExhausted | TokenInvalid | NotTaken)


def _of(said: dict[int, Outcome], kind: type[GatewayError]) -> list[int]:
    return [id_ for id_, outcome in said.items() if isinstance(outcome, kind)]


def _keep_what_tells(ledger: Ledger, said: dict[int, Outcome]) -> None:
    """Keep calls that did not simply succeed; of those that did the delivery says all there is to say."""
    rows = [
        attempt(ledger.now, outcome, delivery_id=id_)
        for id_, outcome in said.items()
        if not isinstance(outcome, Accepted) or outcome.accepted_request_id
    ]
    if rows:
        ledger.session.execute(insert(Attempt), rows)


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
