"""Why messages to one friend were held back or refused, for the shop's other systems."""

from datetime import datetime

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from bot.api.access import blueprint, keyed
from bot.api.shapes import BIGGEST_ID
from bot.i18n import current_language
from bot.services import current_services
from scheduler import decisions
from segments.errors import NotFound


class DecisionOut(BaseModel):
    """What one rule said of one message."""

    at: datetime
    about: str
    """The broadcast, or the scenario and its step."""
    rule: str
    words: str
    until: datetime | None
    """Held until then; null = refused."""
    broadcast_id: int | None
    step_id: int | None


class DecisionsOut(BaseModel):
    """What was decided of a friend lately, the newest first."""

    friend_id: int
    decisions: list[DecisionOut]
    why: list[str]
    """With `broadcast_id`: why the friend got that broadcast or not, in sentences; otherwise empty."""


@blueprint.get("/friends/<int:friend_id>/decisions")
@keyed
def of_friend(friend_id: int) -> ResponseReturnValue:
    """Return what was held back or refused, and with `broadcast_id` why that one did or did not come."""
    services, language = current_services(), current_language()
    broadcast_id = _asked()
    if friend_id > BIGGEST_ID:
        raise NotFound("friend_unknown", friend_id=friend_id)
    with services.database.reading() as session:
        told = decisions.of_friend(session, friend_id)
        why = (
            []
            if broadcast_id is None
            else decisions.why_broadcast(session, friend_id, broadcast_id, services.clock.now())
        )
    answer = DecisionsOut(
        friend_id=friend_id,
        decisions=[
            DecisionOut(
                at=each.at,
                about=each.about.of(language),
                rule=each.rule,
                words=each.words.of(language),
                until=each.until,
                broadcast_id=each.broadcast_id,
                step_id=each.step_id,
            )
            for each in told
        ],
        why=[each.of(language) for each in why],
    )
    return jsonify(answer.model_dump(mode="json"))


def _asked() -> int | None:
    """Return the broadcast asked about; raises NotFound("broadcast_unknown") for what cannot be a number of one."""
    given = request.args.get("broadcast_id")
    if given is None:
        return None
    if not given.isascii() or not given.isdecimal() or not 0 < int(given[:20]) <= BIGGEST_ID:
        raise NotFound("broadcast_unknown", broadcast_id=given[:20])
    return int(given)
