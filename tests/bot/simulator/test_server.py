"""The HTTP side: connections are kept, many are served at once, odd requests do no harm."""

import http.client
import json
import socket
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from bot.simulator.config import SimulatorConfig
from bot.simulator.server import RunningSimulator, start
from tests.bot.simulator.conftest import TOKEN, Wire, text
from tests.fakes.simulator import SimulatorClient

HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


def raw(running: RunningSimulator, request: bytes) -> bytes:
    """What comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        connection.sendall(request)
        parts: list[bytes] = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def at_once(times: int, call: Callable[[], int]) -> list[int]:
    """The sorted results of `times` calls in as many threads."""
    with ThreadPoolExecutor(times) as pool:
        return sorted(future.result() for future in [pool.submit(call) for _ in range(times)])


def test_one_connection_serves_many_requests(running: RunningSimulator, sim: SimulatorClient) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.port)
    for headers, status in ((HEADERS, 400), ({}, 401), (HEADERS, 400)):
        connection.request("POST", "/v2/bot/message/push", b'{"to": "nobody"}', headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    connection.close()


def test_a_chunked_body_is_read_whole(running: RunningSimulator, sim: SimulatorClient) -> None:
    body = json.dumps({"to": sim.add_friend(), "messages": [text("分けて送る")]}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", running.port)
    connection.request(
        "POST", "/v2/bot/message/push", iter([body[:20], body[20:]]), HEADERS, encode_chunked=True
    )
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200


def test_a_client_that_asks_before_sending_is_told_to_go_on(
    running: RunningSimulator, sim: SimulatorClient
) -> None:
    request = b"GET /sim/counts HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    assert raw(running, request).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http_gets_400(running: RunningSimulator, request_bytes: bytes) -> None:
    assert raw(running, request_bytes).startswith(b"HTTP/1.1 400 ")


def test_an_endless_head_is_refused(running: RunningSimulator) -> None:
    request = b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(200)) + b"\r\n"
    assert raw(running, request).startswith(b"HTTP/1.1 431 ")


def test_three_hundred_connections_are_served_at_once(
    running: RunningSimulator, sim: SimulatorClient
) -> None:
    with ExitStack() as stack:
        held = [http.client.HTTPConnection("127.0.0.1", running.port, timeout=20) for _ in range(300)]
        for connection in held:
            stack.callback(connection.close)
            connection.request("GET", "/v2/bot/info", headers=HEADERS)
        answers = [connection.getresponse() for connection in held]
        assert {answer.status for answer in answers} == {200}
        for answer in answers:
            answer.read()


def test_a_slow_answer_holds_up_nobody_else(
    running: RunningSimulator, wire: Wire, sim: SimulatorClient
) -> None:
    friend = sim.add_friend()
    sim.faults(latency_ms=300, endpoints=["push"])
    assert at_once(20, lambda: wire.push(friend, text()).status) == [200] * 20
    assert sim.counts()["delivered"] == 20


def test_of_many_with_one_key_exactly_one_is_accepted(wire: Wire, sim: SimulatorClient) -> None:
    friends, key = sim.add_friends(100), str(uuid.uuid4())
    assert at_once(16, lambda: wire.multicast(friends, text(), key=key).status) == [200] + [409] * 15
    assert sim.counts()["duplicates"] == 0


def test_the_quota_is_never_overdrawn(wire: Wire, sim: SimulatorClient) -> None:
    friends = sim.add_friends(10)
    sim.quota(value=25)
    assert at_once(8, lambda: wire.multicast(friends, text()).status) == [200, 200] + [429] * 6
    assert sim.counts()["quota"]["used"] == 20


def test_stopping_ends_open_connections() -> None:
    running = start(SimulatorConfig())
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as held:
        held.sendall(b"GET /sim/counts HTTP/1.1\r\nHost: x\r\n\r\n")
        assert held.recv(65536).startswith(b"HTTP/1.1 200")
        running.stop()
        assert held.recv(1) == b""


def test_a_repeated_narrowcast_meets_its_key_before_the_quota(wire: Wire, sim: SimulatorClient) -> None:
    sim.add_friends(3)
    sim.quota(value=3)
    body, key = {"messages": [text()]}, {"X-Line-Retry-Key": str(uuid.uuid4())}
    statuses = [wire.call("POST", "/v2/bot/message/narrowcast", body, key).status for _ in range(2)]
    assert statuses == [202, 409]
    assert wire.call("POST", "/v2/bot/message/narrowcast", body).status == 429


def test_a_narrowcast_may_be_cut_to_the_quota_or_called_off(wire: Wire, sim: SimulatorClient) -> None:
    sim.add_friends(5)
    sim.quota(value=3)
    off = {"upToRemainingQuota": True, "forbidPartialDelivery": True}
    sent = wire.call("POST", "/v2/bot/message/narrowcast", {"messages": [text()], "limit": off})
    asked = f"/v2/bot/message/progress/narrowcast?requestId={sent.headers['x-line-request-id']}"
    assert wire.call("GET", asked).body["errorCode"] == 5
    wire.call(
        "POST", "/v2/bot/message/narrowcast", {"messages": [text()], "limit": {"upToRemainingQuota": True}}
    )
    assert sim.counts()["delivered"] == 3
