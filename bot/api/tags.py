"""Tags of one friend: looked at, put on and taken off by the shop's other systems."""

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from bot.api.access import blueprint, keyed, source
from bot.api.shapes import BIGGEST_ID, TagOut
from bot.services import current_services
from segments import tags
from segments.errors import NotFound
from segments.models import Friend

PATH = "/friends/<int:friend_id>/tags/<name>"


@blueprint.get(PATH)
@keyed
def tag(friend_id: int, name: str) -> ResponseReturnValue:
    """Return a tag on a friend with who or what put it there; 404 when it is not there."""
    with current_services().database.reading() as session:
        _known(session, friend_id)
        answer = _found(session, friend_id, name)
    return jsonify(answer.model_dump(mode="json"))


@blueprint.put(PATH)
@keyed
def put_tag(friend_id: int, name: str) -> ResponseReturnValue:
    """Put a tag on a friend; one that is there already stays as it is."""
    services = current_services()
    with services.database.begin() as session:
        _known(session, friend_id)
        is_new = tags.tag(session, friend_id, name, services.clock.now(), source())
        answer = _found(session, friend_id, name)
    return jsonify(answer.model_dump(mode="json")), 201 if is_new else 200


@blueprint.delete(PATH)
@keyed
def delete_tag(friend_id: int, name: str) -> ResponseReturnValue:
    """Take a tag off a friend; one that is not there is no trouble, one that a rule keeps stays."""
    with current_services().database.begin() as session:
        _known(session, friend_id)
        tags.untag(session, friend_id, name)
    return "", 204


def _known(session: Session, friend_id: int) -> None:
    if friend_id > BIGGEST_ID or session.get(Friend, friend_id) is None:
        raise NotFound("friend_unknown", friend_id=friend_id)


def _found(session: Session, friend_id: int, name: str) -> TagOut:
    mine = next((each for each in tags.of_friend(session, friend_id) if each.name == name.strip()), None)
    if mine is None:
        raise NotFound("tag_not_there", name=name)
    return TagOut(
        friend_id=friend_id,
        name=mine.name,
        set_by=mine.set_by,
        set_at=mine.set_at,
        kept_by_segment=mine.kept_by,
    )
