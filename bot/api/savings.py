"""What bundling and free replies saved, for the shop's other systems."""

from dataclasses import asdict

from flask import jsonify
from flask.typing import ResponseReturnValue

from bot.api.access import blueprint, keyed
from bot.api.savings_shapes import MonthOut, SavingsOut
from bot.services import current_services
from scheduler import bundling, savings


@blueprint.get("/savings")
@keyed
def saved() -> ResponseReturnValue:
    """Return the messages and yen saved, by month."""
    with current_services().database.reading() as session:
        answer = SavingsOut(
            window_minutes=bundling.policy(session).minutes,
            months=[MonthOut(**asdict(month)) for month in savings.by_month(session)],
        )
    return jsonify(answer.model_dump(mode="json"))
