"""A friend's mail address and agreement, as the shop's other systems tell them."""

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from bot.api.access import blueprint, json_body, keyed, parsed
from bot.api.mail_shapes import MailIn, MailOut
from bot.api.shapes import BIGGEST_ID, OLDEST_YEAR
from bot.services import current_services
from segments import mail_consent
from segments.errors import Conflict, NotFound
from segments.models import Friend
from segments.orders import CLOCK_SKEW

PATH = "/friends/<int:friend_id>/mail"


@blueprint.get(PATH)
@keyed
def mail_of(friend_id: int) -> ResponseReturnValue:
    """Return address, agreement and refusal."""
    with current_services().database.reading() as session:
        answer = _shown(session, friend_id)
    return jsonify(answer.model_dump(mode="json"))


@blueprint.put(PATH)
@keyed
def put_mail(friend_id: int) -> ResponseReturnValue:
    """Store an address and an agreement; one from before a refusal changes nothing."""
    told, services = parsed(MailIn, json_body()), current_services()
    agreed_at = told.agreed_at
    if agreed_at and not (agreed_at.year >= OLDEST_YEAR and agreed_at <= services.clock.now() + CLOCK_SKEW):
        raise Conflict("moment_impossible", given=agreed_at.isoformat())
    with services.database.begin() as session:
        _friend(session, friend_id)
        mail_consent.set_address(session, friend_id, told.email, agreed_at)
        answer = _shown(session, friend_id)
    return jsonify(answer.model_dump(mode="json"))


@blueprint.delete(PATH)
@keyed
def delete_mail(friend_id: int) -> ResponseReturnValue:
    """Forget address and agreement; a refusal is kept."""
    with current_services().database.begin() as session:
        _friend(session, friend_id)
        mail_consent.erase(session, friend_id)
    return "", 204


def _friend(session: Session, friend_id: int) -> Friend:
    friend = session.get(Friend, friend_id) if friend_id <= BIGGEST_ID else None
    if friend is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    return friend


def _shown(session: Session, friend_id: int) -> MailOut:
    friend = _friend(session, friend_id)
    return MailOut(
        friend_id=friend.id,
        email=friend.email,
        agreed_at=friend.email_consent_at,
        refused_at=friend.email_opted_out_at,
        bad_at=friend.email_bad_at,
        may_be_sent=bool(mail_consent.addresses(session, [friend.id])),
    )
