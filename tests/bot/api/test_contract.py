"""The API keeps the promises of its own description, whatever is sent."""

from datetime import date
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import dates as days
from schemathesis.specs.openapi import checks

from bot.services import Services
from segments.condition_names import COLUMNS
from tests.builders import a_friend, a_product

FAST = settings(
    max_examples=15,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)

ACCEPTS: Any = vars(checks)["positive_data_acceptance"]
BEYOND_WORDS = {
    *(f"condition_{kind}_missing" for kind in COLUMNS),
    "condition_too_deep",
    "condition_too_large",
    "condition_too_many_names",
}
"""Refusals that no description foretells: what a shop has in its tables, and how much a whole tree holds in all."""

# What a day of the calendar may be: most that the format allows lie outside the believable centuries.
schemathesis.openapi.format("date", days(date(1900, 1, 1), date(2200, 12, 31)).map(date.isoformat))


def test_every_answer_is_as_described(app: Flask, key: str, services: Services) -> None:
    with services.database.begin() as session:
        a_friend(session, member_number="0")
        a_product(session, code="0")
    schema: Any = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == 43

    def try_it(case: Any) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        answer = case.call(headers=headers)
        beyond = answer.status_code == 422 and answer.json()["code"] in BEYOND_WORDS
        case.validate_response(answer, headers=headers, excluded_checks=[ACCEPTS] if beyond else [])

    for operation in operations:
        FAST(given(case=operation.as_strategy())(try_it))()
