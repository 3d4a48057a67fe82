"""What friends did elsewhere, told by the shop's other systems: answers, events, complaints, points."""

from datetime import datetime

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from bot.api.access import blueprint, json_body, keyed, parsed, source
from bot.api.reaction_shapes import (
    AnswerIn,
    AnswerOut,
    EventIn,
    EventOut,
    Expiring,
    Happening,
    PointEntryOut,
    PointsIn,
    PointsOut,
)
from bot.api.shapes import BIGGEST_ID, OLDEST_YEAR
from bot.services import current_services
from segments import points, signals, surveys
from segments.errors import Conflict, NotFound
from segments.models import Facts
from segments.orders import CLOCK_SKEW


@blueprint.post("/friends/<int:friend_id>/answers")
@keyed
def answer(friend_id: int) -> ResponseReturnValue:
    """Keep an answer to a survey question."""
    told, now = parsed(AnswerIn, json_body()), current_services().clock.now()
    at = _when(told.at, now)
    with current_services().database.begin() as session:
        _known(session, friend_id)
        kept = surveys.answer(session, friend_id, told.question, told.answer, at, now=now)
        counts = surveys.latest(session, friend_id)[told.question.strip()]
        said = AnswerOut(
            friend_id=friend_id,
            question=counts.question,
            answer=counts.answer,
            at=counts.at,
            created=kept is not None,
        )
    return jsonify(said.model_dump(mode="json")), 201 if said.created else 200


@blueprint.post("/friends/<int:friend_id>/events")
@keyed
def event(friend_id: int) -> ResponseReturnValue:
    """Take note of an event joined or a complaint made."""
    told, now = parsed(EventIn, json_body()), current_services().clock.now()
    at = _when(told.at, now)
    with current_services().database.begin() as session:
        facts = _known(session, friend_id)
        if told.kind is Happening.JOINED_EVENT:
            named = told.event or ""
            created = signals.join_event(session, friend_id, named, at, reference=told.reference, now=now)
        else:
            by = {"by": source()} | ({"about": told.event} if told.event else {})
            created = signals.complain(session, friend_id, at, reference=told.reference, now=now, **by)
        session.refresh(facts)
        count = facts.event_count if told.kind is Happening.JOINED_EVENT else facts.complaint_count
    said = EventOut(friend_id=friend_id, kind=told.kind, created=created, count=count)
    return jsonify(said.model_dump(mode="json")), 201 if created else 200


@blueprint.get("/friends/<int:friend_id>/points")
@keyed
def show_points(friend_id: int) -> ResponseReturnValue:
    """Return how a friend's points stand."""
    services = current_services()
    with services.database.reading() as session:
        _known(session, friend_id)
        said = _statement(session, friend_id, services.clock.now())
    return jsonify(said.model_dump(mode="json"))


@blueprint.post("/friends/<int:friend_id>/points")
@keyed
def adjust_points(friend_id: int) -> ResponseReturnValue:
    """Give or spend points, once for each cause."""
    told, now = parsed(PointsIn, json_body()), current_services().clock.now()
    with current_services().database.begin() as session:
        _known(session, friend_id)
        cause = f"api:{told.cause}"
        _entry, created = points.adjust(session, friend_id, told.points, cause, source(), now)
        said = _statement(session, friend_id, now)
    return jsonify(said.model_dump(mode="json")), 201 if created else 200


def _known(session: Session, friend_id: int) -> Facts:
    facts = session.get(Facts, friend_id) if friend_id <= BIGGEST_ID else None
    if facts is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    return facts


def _when(at: datetime | None, now: datetime) -> datetime:
    """Return when it happened; a moment that cannot be contradicts the clock, not the form of the body."""
    if at is None:
        return now
    if not OLDEST_YEAR <= at.year <= now.year + 1 or at > now + CLOCK_SKEW:
        raise Conflict("moment_impossible", given=at.isoformat())
    return at


def _statement(session: Session, friend_id: int, now: datetime) -> PointsOut:
    stands = points.statement(session, friend_id, now)
    return PointsOut(
        friend_id=friend_id,
        balance=stands.balance,
        expiring=[Expiring(at=at, points=going) for at, going in stands.expiring],
        entries=[
            PointEntryOut(
                points=each.points, cause=each.cause, by=each.by, at=each.at, expires_at=each.expires_at
            )
            for each in points.history(session, friend_id)
        ],
    )
