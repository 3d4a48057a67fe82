"""Saved segments: listed, made, changed, counted, read page by page, explained."""

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from sqlalchemy.orm import Session

from bot import operators
from bot.api.access import blueprint, json_body, keyed, parsed, source
from bot.api.refusals import Refusal
from bot.api.segment_shapes import (
    ConditionIn,
    CountOut,
    ExplanationOut,
    MemberOut,
    MembersOut,
    SegmentEdit,
    SegmentIn,
    SegmentOut,
    SegmentsOut,
)
from bot.api.shapes import BIGGEST_ID
from bot.i18n import current_language
from bot.services import current_services
from bot.words import explain as in_words
from segments import (
    audience,
    condition_explain,
    condition_known,
    condition_names,
    condition_words,
    conditions,
    saved,
)
from segments.conditions import Condition
from segments.errors import Invalid
from segments.models import Segment

LONGEST_PAGE = 1000


@blueprint.get("/segments")
@keyed
def list_segments() -> ResponseReturnValue:
    """Return every saved segment; one whose names are gone comes with its problem."""
    with current_services().database.reading() as session:
        answer = SegmentsOut(segments=[_told(session, each) for each in saved.all_of(session)])
    return _json(answer)


@blueprint.post("/segments")
@keyed
def create_segment() -> ResponseReturnValue:
    """Save a condition under a name."""
    wanted, services = parsed(SegmentIn, json_body()), current_services()
    now = services.clock.now()
    with services.database.begin() as session:
        made = saved.create(session, wanted.name, conditions.parse(wanted.condition), source(), now)
        operators.note(session, source(), "segment_created", str(made.id), now)
        answer = _told(session, made)
    return jsonify(answer.model_dump(mode="json")), 201


@blueprint.get("/segments/<int:segment_id>")
@keyed
def show_segment(segment_id: int) -> ResponseReturnValue:
    """Return one segment."""
    with current_services().database.reading() as session:
        answer = _told(session, saved.load(session, segment_id))
    return _json(answer)


@blueprint.put("/segments/<int:segment_id>")
@keyed
def edit_segment(segment_id: int) -> ResponseReturnValue:
    """Change a segment; 409 when somebody changed it in the meantime."""
    wanted, services = parsed(SegmentEdit, json_body()), current_services()
    now = services.clock.now()
    condition = None if wanted.condition is None else conditions.parse(wanted.condition)
    with services.database.begin() as session:
        changed = saved.edit(
            session, segment_id, wanted.version, source(), now, name=wanted.name, condition=condition
        )
        operators.note(session, source(), "segment_changed", str(segment_id), now)
        answer = _told(session, changed)
    return _json(answer)


@blueprint.post("/segments/count")
@keyed
def count_condition() -> ResponseReturnValue:
    """Return to how many friends a send to this condition would be written."""
    condition = conditions.parse(parsed(ConditionIn, json_body()).condition)
    return _count(condition)


@blueprint.get("/segments/<int:segment_id>/count")
@keyed
def count_segment(segment_id: int) -> ResponseReturnValue:
    """Return to how many friends a send to this segment would be written."""
    with current_services().database.reading() as session:
        condition = _condition(session, segment_id)
    return _count(condition)


@blueprint.get("/segments/<int:segment_id>/friends")
@keyed
def list_friends(segment_id: int) -> ResponseReturnValue:
    """Return a page of a segment's friends, by id."""
    after, limit = _number("after", 0, BIGGEST_ID, 0), _number("limit", 1, LONGEST_PAGE, 100)
    services = current_services()
    with services.database.reading() as session:
        condition = _condition(session, segment_id)
        found = audience.page(session, condition, services.clock.now(), after, limit)
    friends = [
        MemberOut(
            id=one.id, member_number=one.member_number, display_name=one.display_name, language=one.language
        )
        for one in found
    ]
    return _json(MembersOut(friends=friends, next=found[-1].id if len(found) == limit else None))


@blueprint.get("/segments/<int:segment_id>/friends/<int:friend_id>/explanation")
@keyed
def explain_friend(segment_id: int, friend_id: int) -> ResponseReturnValue:
    """Return why a friend is in a segment or not."""
    services, language = current_services(), current_language()
    with services.database.reading() as session:
        condition = _condition(session, segment_id)
        told = condition_explain.explain(session, condition, friend_id, services.clock.now())
    included = told.holds and told.sendable
    return _json(
        ExplanationOut(included=included, verdict=told.verdict(language), tree=told.to_json(language))
    )


def _count(condition: Condition) -> ResponseReturnValue:
    services = current_services()
    with services.database.reading() as session:
        return _json(CountOut(count=audience.count(session, condition, services.clock.now())))


def _condition(session: Session, segment_id: int) -> Condition:
    return conditions.parse(saved.load(session, segment_id).condition)


def _told(session: Session, segment: Segment) -> SegmentOut:
    words, problem = None, None
    try:
        condition = conditions.parse(segment.condition)
        known = condition_known.with_names(session, condition, condition_known.load(session, condition))
        words = condition_words.words(condition, current_language(), known)
        condition_names.check(session, condition)
    except Invalid as error:
        problem = in_words(error)
    return SegmentOut(
        id=segment.id,
        name=segment.name,
        version=segment.version,
        condition=segment.condition,
        words=words,
        problem=problem,
        created_at=segment.created_at,
        updated_at=segment.updated_at,
    )


def _number(name: str, least: int, most: int, default: int) -> int:
    given = request.args.get(name, str(default))
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 20 else -1
    if not least <= number <= most:
        raise Refusal(422, "fields_invalid", fields=[{"field": name, "problem": f"{least} to {most}"}])
    return number


def _json(answer: BaseModel) -> ResponseReturnValue:
    return jsonify(answer.model_dump(mode="json"))
