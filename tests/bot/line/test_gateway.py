"""The gateway over real HTTP: tokens, failures of the network, request ids."""

import json
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from bot.line.calls import CallRecorder
from bot.line.gateway import LONGEST_STAY, PUSH_PATIENCE, PUSHES_ALLOWED, LineGateway, open_gateway
from bot.line.tokens import LongLivedToken
from bot.line.wire import TOGETHER
from bot.models import LineCall
from bot.settings import Settings
from bot.simulator import access
from bot.simulator.config import SimulatorConfig
from bot.simulator.server import RunningSimulator
from scheduler.gateway import (
    Accepted,
    NotTaken,
    Push,
    TokenInvalid,
    ToMany,
    TurnPassed,
    UncertainGatewayError,
)
from scheduler.holding import LOOK_AGAIN
from scheduler.pacing import LATE, RATES
from segments.db import Database
from tests.fakes.clock import FakeClock
from tests.fakes.simulator import SimulatorClient

TEXT = ({"type": "text", "text": "こんにちは"},)


def a_push(to: str) -> Push:
    return Push(delivery_id=1, to=to, text=json.dumps(list(TEXT)), retry_key=uuid4())


def calls(database: Database) -> list[LineCall]:
    with database.reading() as session:
        return list(session.scalars(select(LineCall).order_by(LineCall.id)))


@contextmanager
def gateway_to(
    url: str,
    recorder: CallRecorder,
    clock: FakeClock,
    token: str = "t",
    patience: float | None = None,
    longest: float = LONGEST_STAY,
) -> Generator[LineGateway]:
    made = LineGateway(
        base_url=url,
        data_base_url=url,
        tokens=LongLivedToken(token),
        calls=recorder,
        clock=clock,
        push_patience=patience,
        longest_stay=longest,
    )
    try:
        yield made
    finally:
        made.close()


@contextmanager
def a_server_that_hangs_up() -> Generator[str]:
    """Accept, read the request, close without an answer."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            while True:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65536)
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(5)


def test_a_refused_connection_means_that_nothing_was_sent(recorder: CallRecorder, clock: FakeClock):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with gateway_to(url, recorder, clock) as gateway:
        assert isinstance(gateway.push_many([a_push("U1")])[0], NotTaken)
        with pytest.raises(NotTaken):
            gateway.quota()
        with pytest.raises(NotTaken):
            gateway.profile("U1")


def test_a_hang_up_after_sending_is_uncertain(recorder: CallRecorder, clock: FakeClock):
    with a_server_that_hangs_up() as url, gateway_to(url, recorder, clock) as gateway:
        assert isinstance(gateway.push_many([a_push("U1")])[0], UncertainGatewayError)
        with pytest.raises(UncertainGatewayError):
            gateway.reply("token", TEXT)
        with pytest.raises(UncertainGatewayError):
            gateway.bot_info()


def test_every_call_is_kept_with_its_request_id_and_nothing_private(
    gateway: LineGateway, recorder: CallRecorder, sqlite: Database, line: SimulatorClient
):
    friend = line.add_friend()
    accepted = gateway.push_many([a_push(friend), a_push("U" + "0" * 32)])
    gateway.profile(friend)
    gateway.quota()
    recorder.flush()
    kept = calls(sqlite)
    assert isinstance(accepted[0], Accepted)
    assert accepted[0].request_id in {call.request_id for call in kept}
    assert all(call.request_id and call.status and call.milliseconds >= 0 for call in kept)
    assert sorted(call.endpoint for call in kept) == [
        "/v2/bot/message/push",
        "/v2/bot/message/push",
        "/v2/bot/message/quota",
        "/v2/bot/message/quota/consumption",
        "/v2/bot/profile/{userId}",
    ]
    written = repr([vars(call) for call in kept])
    assert friend not in written
    assert "こんにちは" not in written
    assert SimulatorConfig().channel_access_tokens[0] not in written


def test_closing_writes_what_still_waits(gateway: LineGateway, sqlite: Database, line: SimulatorClient):
    gateway.push_many([a_push(line.add_friend())])
    gateway.close()
    assert len(calls(sqlite)) == 1
    with pytest.raises(RuntimeError):
        gateway.push_many([a_push("U1")])


def test_a_thousand_pushes_go_out_side_by_side(gateway: LineGateway, line: SimulatorClient):
    line.rates(enabled=False)
    friends = line.add_friends(1000)
    left = [a_push(friend) for friend in friends]
    while left:
        outcomes = gateway.push_many(left)
        assert {type(outcome) for outcome in outcomes} <= {Accepted, TurnPassed}
        # A slow machine has no connection in time for all of them.
        left = [each for each, said in zip(left, outcomes, strict=True) if isinstance(said, TurnPassed)]
    assert line.counts()["friends"] == dict.fromkeys(friends, 1)


@pytest.mark.parametrize(("patience", "left"), [(60.0, 0), (-60.0, 30 - TOGETHER)])
def test_what_is_too_late_for_its_turn_stays_but_for_the_first_few(
    simulator: RunningSimulator,
    recorder: CallRecorder,
    clock: FakeClock,
    line: SimulatorClient,
    patience: float,
    left: int,
):
    friends = line.add_friends(30)
    token = SimulatorConfig().channel_access_tokens[0]
    with gateway_to(simulator.url, recorder, clock, token, patience) as gateway:
        outcomes = gateway.push_many([a_push(friend) for friend in friends])
    expected = [Accepted] * (30 - left) + [TurnPassed] * left
    assert [type(outcome) for outcome in outcomes] == expected
    assert line.counts()["friends"] == dict.fromkeys(friends[: 30 - left], 1)


def test_what_found_no_connection_for_long_stays_to_be_asked_about_again(
    simulator: RunningSimulator, recorder: CallRecorder, clock: FakeClock, line: SimulatorClient
):
    friends = line.add_friends(TOGETHER + 1)
    token = SimulatorConfig().channel_access_tokens[0]
    with gateway_to(simulator.url, recorder, clock, token, longest=-60.0) as gateway:
        outcomes = gateway.push_many([a_push(friend) for friend in friends])
        outcomes += gateway.multicast_many([ToMany(friends, TEXT, uuid4())])
    assert {type(outcome) for outcome in outcomes} == {TurnPassed}
    assert line.counts()["friends"] == {}


def test_who_stops_everything_waits_less_than_two_seconds_even_when_line_is_slow():
    assert LONGEST_STAY + LOOK_AGAIN.total_seconds() < 1.5


def test_pace_is_kept_unless_a_higher_rate_than_lines_was_set(sqlite: Database, clock: FakeClock):
    for rate, patience in ((RATES["push"], PUSH_PATIENCE), (1_000_000, None)):
        gateway = open_gateway(Settings.model_validate({"KOKYAKU_PUSHES_PER_SECOND": rate}), sqlite, clock)
        assert gateway.push_patience == patience
        gateway.close()


def test_turns_and_what_is_late_for_them_stay_below_what_line_allows():
    assert RATES["push"] * (1 + LATE + PUSH_PATIENCE) < PUSHES_ALLOWED


def stateless(simulator: RunningSimulator, database: Database, clock: FakeClock, secret: str) -> LineGateway:
    settings = Settings.model_validate(
        {
            "LINE_API_BASE_URL": simulator.url,
            "LINE_CHANNEL_ID": SimulatorConfig().channel_id,
            "LINE_CHANNEL_SECRET": secret,
        }
    )
    return open_gateway(settings, database, clock)


def test_stateless_tokens_are_drawn_and_drawn_again_after_a_401(
    simulator: RunningSimulator, sqlite: Database, clock: FakeClock, line: SimulatorClient
):
    gateway = stateless(simulator, sqlite, clock, SimulatorConfig().channel_secret)
    friend = line.add_friend()
    assert isinstance(gateway.push_many([a_push(friend)])[0], Accepted)
    revoke_all(simulator)
    assert isinstance(gateway.push_many([a_push(friend)])[0], Accepted)
    revoke_all(simulator)
    assert gateway.bot_info().basic_id == SimulatorConfig().basic_id
    assert line.counts()["requests"]["token_stateless"] == {"200": 3}
    gateway.close()


def test_line_says_how_long_a_token_lives(simulator: RunningSimulator, sqlite: Database, clock: FakeClock):
    recorder = CallRecorder(sqlite)

    def ends_in(token: str) -> timedelta | None:
        made = LineGateway(
            base_url=simulator.url, data_base_url=simulator.url, tokens=LongLivedToken(token), calls=recorder,
            clock=clock,
        )  # fmt: skip
        try:
            return made.token_ends_in()
        finally:
            made.close()

    short = access.issue(simulator.platform, "short", access.SHORT_LIVED_SECONDS)
    left = ends_in(short)
    assert left is not None
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)
    assert ends_in(SimulatorConfig().channel_access_tokens[0]) is None, "a long-lived token has no end"
    with pytest.raises(TokenInvalid):
        ends_in("nobody's")
    drawn = stateless(simulator, sqlite, clock, SimulatorConfig().channel_secret)
    assert drawn.token_ends_in() is None, "we draw another before it ends"
    drawn.close()


def test_a_wrong_secret_is_an_invalid_token(simulator: RunningSimulator, sqlite: Database, clock: FakeClock):
    gateway = stateless(simulator, sqlite, clock, "wrong")
    assert isinstance(gateway.push_many([a_push("U1")])[0], TokenInvalid)
    with pytest.raises(TokenInvalid):
        gateway.quota()
    gateway.close()


def revoke_all(simulator: RunningSimulator) -> None:
    for row in simulator.platform.state.rows("SELECT token FROM access_tokens"):
        access.revoke(simulator.platform, row["token"])


def test_the_webhook_address_is_set_asked_and_tested(gateway: LineGateway):
    assert gateway.webhook_endpoint() is None
    gateway.set_webhook_endpoint("http://127.0.0.1:9/webhook")
    found = gateway.webhook_endpoint()
    assert found is not None
    assert (found.url, found.active) == ("http://127.0.0.1:9/webhook", True)
    assert not gateway.test_webhook().success


def test_a_link_token_is_drawn_for_a_friend(gateway: LineGateway, line: SimulatorClient):
    assert gateway.link_token(line.add_friend())
