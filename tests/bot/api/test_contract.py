"""The API keeps the promises of its own description, whatever is sent."""

from typing import Any

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi import checks

from bot.services import Services
from tests.builders import a_friend, a_product

FAST = settings(
    max_examples=15,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)

ACCEPTS: Any = vars(checks)["positive_data_acceptance"]


def test_every_answer_is_as_described(app: Flask, key: str, services: Services) -> None:
    with services.database.begin() as session:
        a_friend(session, member_number="0")
        a_product(session, code="0")
    schema: Any = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == 37

    def try_it(case: Any) -> None:
        # What a condition of each kind needs is told in docs/segments.md: the description knows the kinds alone.
        takes_condition = (
            case.operation.path.startswith("/api/v1/segments") and case.operation.method != "get"
        )
        excluded: list[Any] = [ACCEPTS] if takes_condition else []
        case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, excluded_checks=excluded)

    for operation in operations:
        FAST(given(case=operation.as_strategy())(try_it))()
