"""`kokyaku web` and what starts beside it: several processes at once on one database and one port."""

import json
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, socket
from threading import Event
from urllib.error import URLError

from sqlalchemy import func, select

from bot.line.signature import sign
from bot.models import InboundEvent
from segments.db import Database
from tests.bot.cli.terminal import NOBODY
from tests.bot.line.support import a_line_id, a_text
from tests.databases import PostgresServer
from tests.processes import SECRET, Installation, running

PATIENCE_SECONDS = 240


def a_free_port() -> int:
    with socket(AF_INET, SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Web:
    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): v for name, v in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def is_up(self) -> bool:
        try:
            return self.ask("GET", "/healthz")[0] == 200
        except (OSError, URLError):
            return False


@contextmanager
def web_of(database: Database, folder: Path) -> Generator[Web]:
    port, pause = a_free_port(), Event()
    installation = Installation(database, folder, NOBODY)
    command, environment = ("web", "--processes", "2", "--threads", "4"), {"KOKYAKU_PORT": str(port)}
    with running(installation, *command, environment=environment) as process:
        web = Web(port)
        for _ in range(PATIENCE_SECONDS * 5):
            if web.is_up():
                break
            assert process.poll() is None, (folder / "web.log").read_text(encoding="utf-8")
            pause.wait(0.2)
        yield web
    assert process.returncode == 0, "it ends politely"


def test_two_web_processes_answer_on_one_port_and_store_what_line_sends(
    database: Database, tmp_path: Path
) -> None:
    with web_of(database, tmp_path) as web:
        assert "ログイン" in web.ask("GET", "/console/login")[1]
        for number in range(6):
            said = {"destination": "U0", "events": [a_text(a_line_id(), f"{number}通目")]}
            body = json.dumps(said).encode()
            assert web.ask("POST", "/webhook", body, X_Line_Signature=sign(SECRET, body))[0] == 200
        assert web.ask("POST", "/webhook", b"{}", X_Line_Signature="x")[0] == 401
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(InboundEvent)) == 6


def test_processes_that_start_at_once_on_an_empty_database_make_its_tables_once(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with postgres.copy(empty=True) as database, ExitStack() as stack:
        installation = Installation(database, tmp_path, NOBODY)
        started = [stack.enter_context(running(installation, "db", "upgrade")) for _ in range(2)]
        assert [process.wait(timeout=PATIENCE_SECONDS) for process in started] == [0, 0]
        with database.reading() as session:
            assert session.scalar(select(func.count()).select_from(InboundEvent)) == 0
