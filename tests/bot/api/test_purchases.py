"""Purchases told by other systems."""

from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from bot import api_keys
from bot.services import Services
from segments.db import Database
from segments.models import Facts, Purchase
from tests.bot.api.conftest import Caller
from tests.bot.apps import new_app
from tests.bot.conftest import services_over
from tests.builders import a_friend, a_product
from tests.fakes.clock import FakeClock

TEA: dict[str, Any] = {
    "order_id": "A-1",
    "bought_at": "2026-11-20T10:00:00+09:00",
    "amount_yen": 2980,
    "items": [{"product_code": "TEA", "quantity": 2}],
    "member_number": "M-1",
}


def stock(services: Services) -> int:
    with services.database.begin() as session:
        a_product(session, code="TEA", price_yen=1490)
        return a_friend(session, member_number="M-1").id


def test_a_purchase_is_recorded_once_on_both_databases(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    services = services_over(database, clock, tmp_path)
    friend_id = stock(services)
    with database.begin() as session:
        caller = Caller(new_app(services), api_keys.add(session, "till", clock.now()))
    results = [caller.post("/purchases", TEA).get_json() for _ in range(2)]
    assert [(each["created"], each["unchanged"]) for each in results] == [(1, 0), (0, 1)]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Purchase)) == 1
        assert session.get_one(Facts, friend_id).purchase_count == 1


def test_each_order_of_a_call_is_judged_by_itself(caller: Caller, services: Services) -> None:
    stock(services)
    orders = [
        TEA,
        TEA | {"amount_yen": 1},
        TEA | {"order_id": "A-2", "amount_yen": 29.8},
        TEA | {"order_id": "A-3", "items": [{"product_code": "NONE"}]},
        TEA | {"order_id": "A-4", "bought_at": "2027-01-01T00:00:00+09:00"},
        TEA | {"order_id": "A-5", "bought_at": "2026-11-20T10:00:00"},
        "no order",
        TEA | {"order_id": "A-6"},
        TEA,
    ]
    answer = caller.post("/purchases", {"purchases": orders}).get_json()
    told = [each.get("code", each["result"]) for each in answer["results"]]
    assert told == [
        "created",
        "order_differs",
        "fields_invalid",
        "product_unknown",
        "bought_in_future",
        "fields_invalid",
        "fields_invalid",
        "created",
        "unchanged",
    ]
    assert [each.get("order_id") for each in answer["results"]][:3] == ["A-1", "A-1", "A-2"]
    assert (answer["created"], answer["unchanged"], answer["refused"]) == (2, 1, 6)
    assert answer["results"][2]["details"]["fields"][0]["field"] == "amount_yen"


def test_a_thousand_orders_go_in_one_call_and_no_more(caller: Caller, services: Services) -> None:
    stock(services)
    orders = [TEA | {"order_id": f"A-{number}"} for number in range(1001)]
    assert caller.post("/purchases", {"purchases": orders[:1000]}).get_json()["created"] == 1000
    refused = caller.post("/purchases", {"purchases": orders})
    assert (refused.status_code, refused.get_json()["code"]) == (422, "fields_invalid")


def test_a_refund_is_taken_in_part_then_in_full_and_not_beyond(caller: Caller, services: Services) -> None:
    stock(services)
    caller.post("/purchases", TEA)
    assert caller.post("/purchases/A-1/refund", {"amount_yen": 980}).get_json()["refunded_yen"] == 980
    beyond = caller.post("/purchases/A-1/refund", {"amount_yen": 2001})
    assert (beyond.status_code, beyond.get_json()["code"]) == (409, "refund_too_large")
    assert caller.post("/purchases/A-1/refund", {}).get_json()["refunded_yen"] == 2980
    unknown = caller.post("/purchases/NONE/refund", {})
    assert (unknown.status_code, unknown.get_json()["code"]) == (404, "order_unknown")


def test_the_words_follow_the_callers_language(caller: Caller) -> None:
    japanese, english = (
        caller.post("/purchases/NONE/refund", {}, **{"Accept-Language": language}).get_json()["message"]
        for language in ("ja", "en-GB")
    )
    assert japanese == "注文番号「NONE」の購入は見つかりません。"
    assert english == "There is no purchase with the order id “NONE”."


def test_a_body_that_is_no_json_or_too_large_is_refused_in_json(
    caller: Caller, key: str, services: Services
) -> None:
    client = new_app(services).test_client()
    headers = {"Authorization": f"Bearer {key}"}
    broken = client.post("/api/v1/purchases", data=b"{", headers=headers, content_type="application/json")
    assert (broken.status_code, broken.get_json()["code"]) == (400, "not_json")
    form = client.post("/api/v1/purchases", data=b"a=b", headers=headers)
    assert (form.status_code, form.get_json()["code"]) == (415, "not_json")
    large = client.post(
        "/api/v1/purchases", data=b" " * 5_000_000, headers=headers, content_type="application/json"
    )
    assert (large.status_code, large.get_json()["code"]) == (413, "body_too_large")


def test_what_no_database_could_hold_is_refused_and_breaks_no_neighbour(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    services = services_over(database, clock, tmp_path)
    stock(services)
    with database.begin() as session:
        caller = Caller(new_app(services), api_keys.add(session, "till", clock.now()))
    ancient = TEA | {"order_id": "A-2", "bought_at": "0001-01-01T00:00:00+14:00"}
    answer = caller.post("/purchases", {"purchases": [ancient, TEA]}).get_json()
    assert (answer["refused"], answer["created"]) == (1, 1)
    assert caller.post("/purchases/A%001/refund").status_code == 404


def test_a_body_of_brackets_alone_is_no_json(app: Flask, key: str) -> None:
    answer = app.test_client().post(
        "/api/v1/purchases",
        data="[" * 100_000,
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.get_json()["code"]) == (400, "not_json")


def test_a_friend_may_have_spent_more_than_a_small_number_holds(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    services = services_over(database, clock, tmp_path)
    friend_id = stock(services)
    with database.begin() as session:
        caller = Caller(new_app(services), api_keys.add(session, "till", clock.now()))
    for number in range(3):
        order = TEA | {"order_id": f"B-{number}", "amount_yen": 999_999_999}
        assert caller.post("/purchases", order).get_json()["created"] == 1
    with database.reading() as session:
        assert session.get_one(Facts, friend_id).spend_yen == 3 * 999_999_999
