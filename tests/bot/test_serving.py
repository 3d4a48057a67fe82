"""`kokyaku serve` as a process: it comes up whole, ends whole, and comes up again after kill -9."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, socket
from threading import Event

import pytest

from bot.settings import Settings
from bot.stand_in import SimulatorNotStarted, StandIn
from tests.fakes.simulator import SimulatorClient
from tests.processes import ROOT, kill

PATIENCE_SECONDS = 60
LINE = ("LINE_CHANNEL_SECRET", "LINE_CHANNEL_ACCESS_TOKEN", "LINE_CHANNEL_ID", "LINE_API_BASE_URL")


@contextmanager
def a_taken_port() -> Generator[int]:
    with socket(AF_INET, SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield int(taken.getsockname()[1])


def a_free_port() -> int:
    with a_taken_port() as port:
        return port


class Shop:
    """A folder with a shop in it, and the two ports it listens on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web, self.simulator = a_free_port(), a_free_port()
        self.line = SimulatorClient(f"http://127.0.0.1:{self.simulator}")

    def serve(self, **environment: str) -> "subprocess.Popen[bytes]":
        own = {
            "KOKYAKU_DATA": str(self.folder),
            "KOKYAKU_PORT": str(self.web),
            "KOKYAKU_SIMULATOR_PORT": str(self.simulator),
            "KOKYAKU_LANGUAGE": "ja",
            "KOKYAKU_DATABASE_URL": "",
        }
        given = {name: value for name, value in os.environ.items() if name not in LINE}  # noqa: TID251 — handed on, not read
        with self.log.open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "bot", "serve", "--no-demo"],
                cwd=ROOT, env=given | own | environment, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def log(self) -> Path:
        return self.folder / "serve.log"

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def ready(self) -> "subprocess.Popen[bytes]":
        process, pause = self.serve(), Event()
        for _ in range(PATIENCE_SECONDS * 10):
            if "準備ができました。" in self.said:
                return process
            assert process.poll() is None, self.said
            pause.wait(0.1)
        process.kill()
        raise AssertionError(self.said)

    def get(self, port: int, path: str) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def greeting(self, line_user_id: str) -> str:
        pause = Event()
        for _ in range(PATIENCE_SECONDS * 10):
            if said := self.line.texts(line_user_id):
                return said[0]
            pause.wait(0.1)
        raise AssertionError("nobody was greeted")

    def nobody_listens(self) -> bool:
        """Say whether both ports are given back within a few seconds."""
        pause = Event()
        for _ in range(100):
            if not (_listens(self.web) or _listens(self.simulator)):
                return True
            pause.wait(0.1)
        return False


def _listens(port: int) -> bool:
    with socket(AF_INET, SOCK_STREAM) as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_everything_answers_survives_kill_9_and_ends_politely_without_a_trace(shop: Shop) -> None:
    process = shop.ready()
    assert "最初のログイン名: owner" in shop.said
    status, page = shop.get(shop.web, "/console/login")
    assert (status, "ログイン" in page) == (200, True)
    assert "kokyaku_" in shop.get(shop.web, "/metrics")[1]
    assert shop.get(shop.simulator, "/")[0] == 200
    friend = shop.line.add_friend("佐藤 花子", follow=True)
    assert "佐藤 花子様" in shop.greeting(friend)
    kill(process)
    again = shop.ready()
    try:
        assert [each["userId"] for each in shop.line.friends()["friends"]] == [friend]
        assert shop.get(shop.web, "/healthz")[0] == 200
    finally:
        again.terminate()
    assert again.wait(timeout=60) == 0, shop.said
    assert shop.nobody_listens(), "an orphan would keep the simulator's port"
    assert "Traceback" not in shop.said


def test_a_port_that_is_taken_is_named_and_nothing_is_left_running(shop: Shop) -> None:
    with a_taken_port() as taken:
        process = shop.serve(KOKYAKU_PORT=str(taken))
        assert process.wait(timeout=60) == 1
    assert f"127.0.0.1:{taken} は、ほかのプログラムが使っています。KOKYAKU_PORT" in shop.said
    assert "Traceback" not in shop.said
    assert shop.nobody_listens()


def test_whoever_else_answers_on_the_simulators_port_is_not_taken_for_ours(tmp_path: Path) -> None:
    with a_taken_port() as taken:
        settings = Settings.model_validate({"KOKYAKU_DATA": tmp_path, "KOKYAKU_SIMULATOR_PORT": taken})
        with pytest.raises(SimulatorNotStarted):
            StandIn(settings).start()
