"""The webhook stores what LINE sends, refuses what others send, and does nothing else."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.test import TestResponse

from bot.line import doorbell, webhook
from bot.line.raw_events import row_of
from bot.line.signature import is_genuine, sign
from bot.models import InboundEvent
from bot.services import attach
from segments.db import Database
from tests.bot.line.support import SECRET, a_line_id, a_text, an_event, services_of
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway

FRIEND = a_line_id()


@pytest.fixture
def app(database: Database, clock: FakeClock) -> Flask:
    """Return an app with nothing but the webhook."""
    made = Flask("webhook-test")
    attach(made, services_of(database, clock, FakeGateway()))
    webhook.register(made)
    return made


def body_of(events: Any) -> bytes:
    return json.dumps({"destination": "U" + "b" * 32, "events": events}).encode()


def post(
    app: Flask, body: bytes, signature: str | None = None, name: str = "X-Line-Signature"
) -> TestResponse:
    headers = {name: sign(SECRET, body) if signature is None else signature}
    return app.test_client().post("/webhook", data=body, headers=headers)


def stored(database: Database) -> Sequence[InboundEvent]:
    with database.reading() as session:
        return session.scalars(select(InboundEvent).order_by(InboundEvent.id)).all()


def test_events_are_stored_and_the_inbox_is_woken(app: Flask, database: Database):
    bell = doorbell.of(database)
    bell.clear()
    event = a_text(FRIEND, "こんにちは", A_SATURDAY - timedelta(seconds=3))
    assert post(app, body_of([event])).status_code == 200
    assert bell.is_set()
    (row,) = stored(database)
    assert (row.webhook_event_id, row.kind, row.line_user_id) == (event["webhookEventId"], "message", FRIEND)
    assert row.line_message_id == event["message"]["id"]
    assert row.occurred_at == A_SATURDAY - timedelta(seconds=3)
    assert row.raw == event


def test_the_same_event_again_is_stored_once(app: Flask, database: Database):
    event = a_text(FRIEND, "こんにちは")
    again = event | {"deliveryContext": {"isRedelivery": True}}
    assert [post(app, body_of(events)).status_code for events in ([event], [again], [event, again])] == [
        200
    ] * 3
    assert len(stored(database)) == 1


def test_the_same_event_many_times_at_once_is_stored_once(app: Flask, database: Database):
    body = body_of([a_text(FRIEND, "こんにちは"), a_text(FRIEND, "二通目")])
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: post(app, body).status_code, range(24)))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    assert answers == [200] * 24
    assert len(stored(database)) == 2


def test_an_empty_list_is_how_line_tests_the_address(app: Flask, database: Database):
    assert post(app, body_of([])).status_code == 200
    assert not stored(database)


@pytest.mark.parametrize(
    "signature", ["", "x", "署名", "===", sign("another secret", body_of([])), "a" * 10_000]
)
def test_a_wrong_signature_is_refused_and_nothing_is_stored(app: Flask, database: Database, signature: str):
    body = body_of([a_text(FRIEND, "x")])
    environ = {"HTTP_X_LINE_SIGNATURE": signature.encode().decode("latin-1")}
    assert app.test_client().post("/webhook", data=body, environ_overrides=environ).status_code == 401
    assert not stored(database)


def test_a_missing_signature_is_refused(app: Flask, database: Database):
    assert app.test_client().post("/webhook", data=body_of([a_text(FRIEND, "x")])).status_code == 401
    assert not stored(database)


def test_a_changed_byte_is_refused(app: Flask):
    body = body_of([a_text(FRIEND, "x")])
    assert post(app, body + b" ", sign(SECRET, body)).status_code == 401


@pytest.mark.parametrize("name", ["x-line-signature", "X-LINE-SIGNATURE", "X-Line-Signature"])
def test_the_header_may_be_written_any_way(app: Flask, name: str):
    assert post(app, body_of([]), name=name).status_code == 200


def test_without_a_channel_secret_nothing_is_genuine():
    assert not is_genuine("", b"{}", sign("", b"{}"))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'"text"', b"null", b"{}", b'{"events": {}}', b'{"events": null}', b"\xff\xfe",
        b'{"events": [NaN]}', b"[" * 100_000, b'{"events": [' + b"9" * 5000 + b"]}",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_400(app: Flask, database: Database, body: bytes):
    assert post(app, body).status_code == 400
    assert not stored(database)


def test_a_body_over_two_megabytes_is_413(app: Flask):
    body = b"x" * (2 * 1024 * 1024 + 1)
    assert post(app, body).status_code == 413
    assert post(app, body_of(["x" * (2 * 1024 * 1024 - 200)])).status_code == 200


def test_odd_events_never_lose_their_neighbours(app: Flask, database: Database):
    good = a_text(FRIEND, "無事です")
    odd: list[Any] = [
        "text", 7, None, [], {}, {"type": 5}, {"type": "message"}, {"type": "x" * 500, "webhookEventId": 9},
        {"type": "follow", "source": "me", "timestamp": "now"}, {"type": "message", "message": []},
        an_event("message", "U" * 500), an_event("hologram", FRIEND, timestamp=10**400),
        an_event("follow", FRIEND, timestamp=-5), an_event("follow", FRIEND, timestamp=True),
        an_event("message", FRIEND, message={"id": "m" * 500, "text": "\x00\ud83d"}),
        an_event("message", FRIEND, webhookEventId="e" * 500),
    ]  # fmt: skip
    assert post(app, body_of([*odd, good])).status_code == 200
    rows = stored(database)
    assert len(rows) == len(odd) + 1
    assert rows[-1].raw == good
    assert {row.kind for row in rows[:5]} == {"unknown"}
    assert all(row.occurred_at <= A_SATURDAY + timedelta(minutes=10) for row in rows)


def test_an_event_without_an_id_that_comes_twice_is_stored_once(app: Flask, database: Database):
    event = a_text(FRIEND, "x")
    del event["webhookEventId"]
    again = event | {"deliveryContext": {"isRedelivery": True}}
    for sent in (event, again):
        assert post(app, body_of([sent])).status_code == 200
    assert len(stored(database)) == 1


def test_group_chats_are_nobodys_lane(app: Flask, database: Database):
    source = {"type": "group", "groupId": "C1", "userId": FRIEND}
    post(app, body_of([an_event("join", FRIEND, source=source)]))
    assert [row.line_user_id for row in stored(database)] == [None]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
EVENT = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("type", "source", "timestamp", "message", "webhookEventId", "unsend"), JSON)
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(events=st.lists(EVENT | JSON, max_size=5))
def test_any_json_can_be_stored(app: Flask, database: Database, events: list[Any]):
    assert post(app, body_of(events)).status_code == 200
    ids = {row.webhook_event_id for row in stored(database)}
    assert {
        row_of(event, A_SATURDAY)["webhook_event_id"] for event in json.loads(body_of(events))["events"]
    } <= ids
