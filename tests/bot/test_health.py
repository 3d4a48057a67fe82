"""Signs of life and figures."""

from datetime import timedelta

import pytest
from flask import Flask

from bot import api_keys
from bot.services import Services
from scheduler import heartbeats
from scheduler.models import Delivery, DeliveryKind, DeliveryState, Purpose
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY, FakeClock


def test_it_is_well_while_the_bell_rings_and_ill_when_it_stops(
    app: Flask, services: Services, clock: FakeClock
) -> None:
    with services.database.begin() as session:
        heartbeats.beat(session, "tick", "tick", clock.now())
        heartbeats.beat(session, "worker-1", "worker", clock.now())
    clock.advance(timedelta(seconds=50))
    well = app.test_client().get("/healthz")
    assert (well.status_code, well.get_json()["status"]) == (200, "ok")
    assert (well.get_json()["last_tick_seconds_ago"], well.get_json()["workers_alive"]) == (50.0, 1)
    clock.advance(timedelta(minutes=3))
    ill = app.test_client().get("/healthz")
    assert (ill.status_code, ill.get_json()["scheduler"], ill.get_json()["workers_alive"]) == (503, "late", 0)


def test_right_after_the_first_start_nothing_is_wrong_yet(app: Flask) -> None:
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.get_json()["scheduler"]) == (200, "not started")


def test_a_database_that_does_not_answer_is_told_without_its_address(app: Flask, services: Services) -> None:
    with services.database.begin() as session:
        session.connection().exec_driver_sql("DROP TABLE heartbeats")
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.get_json()) == (503, {"status": "failing", "database": "unreachable"})


def test_figures_count_by_state_and_name_nobody(app: Flask, services: Services) -> None:
    with services.database.begin() as session:
        friend = a_friend(session, display_name="さくら")
        for state in (DeliveryState.ACCEPTED, DeliveryState.ACCEPTED, DeliveryState.QUEUED):
            session.add(
                Delivery(
                    friend_id=friend.id,
                    kind=DeliveryKind.STEP,
                    purpose=Purpose.CARE,
                    state=state,
                    created_at=A_SATURDAY,
                )
            )
    client = app.test_client()
    client.get("/console/login?next=/console/friends/4711")
    text = client.get("/metrics").text
    assert 'kokyaku_deliveries_last_day{state="accepted"} 2.0' in text
    assert "kokyaku_deliveries_waiting 1.0" in text
    assert 'kokyaku_inbound_events{state="parked"} 0.0' in text
    assert 'endpoint="auth.login",method="GET",status="200"' in text
    for secret in ("さくら", "4711", friend.line_user_id or "?"):
        assert secret not in text


@pytest.mark.parametrize(
    ("address", "forwarded", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.1", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}, 403),
    ],
)
def test_figures_are_for_this_machine(
    app: Flask, address: str, forwarded: dict[str, str], status: int
) -> None:
    answer = app.test_client().get("/metrics", headers=forwarded, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status


def test_figures_are_told_elsewhere_to_who_has_a_key(app: Flask, services: Services) -> None:
    with services.database.begin() as session:
        key = api_keys.add(session, "prometheus", services.clock.now())
    away = {"REMOTE_ADDR": "192.0.2.1"}
    client = app.test_client()
    assert (
        client.get("/metrics", headers={"Authorization": f"Bearer {key}"}, environ_base=away).status_code
        == 200
    )
    assert (
        client.get("/metrics", headers={"Authorization": "Bearer no"}, environ_base=away).status_code == 403
    )


def test_made_up_methods_make_no_series_of_their_own(app: Flask) -> None:
    client = app.test_client()
    for number in range(3):
        client.open("/healthz", method=f"MADEUP{number}")
    assert b"MADEUP" not in client.get("/metrics").data
