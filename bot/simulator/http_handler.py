"""One HTTP/1.1 connection: asks the WSGI application and writes each answer in one piece."""

import io
import socket
import struct
import sys
from collections.abc import Iterable
from http import HTTPStatus
from socketserver import StreamRequestHandler
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIApplication, WSGIEnvironment

from bot.simulator.answers import CUT_HEADER
from bot.simulator.http_request import BadRequestError, RequestHead, read_body, read_head

Answer = tuple[str, list[tuple[str, str]], bytes]
_WSGI: WSGIEnvironment = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


class Handler(StreamRequestHandler):
    """Keeps the connection for the next request; `application` is set on a subclass."""

    application: WSGIApplication
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer requests until one side has had enough."""
        try:
            while self._answer_next():
                pass
        except BadRequestError as failure:
            status = HTTPStatus(failure.args[0])
            self._write((f"{status} {status.phrase}", [], b""), head_only=False, keep=False)
        except OSError:
            # The client went away in the middle; there is nobody left to tell.
            return

    def _answer_next(self) -> bool:
        head = read_head(self.rfile)
        if head is None:
            return False
        if head.headers.get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        answer = self._ask(self._environ(head, read_body(self.rfile, head.headers)))
        if any(name == CUT_HEADER for name, _ in answer[1]):
            self._cut()
            return False
        self._write(answer, head_only=head.method == "HEAD", keep=head.keeps_open)
        return head.keeps_open

    def _environ(self, head: RequestHead, body: bytes) -> WSGIEnvironment:
        path, _, query = head.target.partition("?")
        host, port = self.connection.getsockname()[:2]
        environ: WSGIEnvironment = {
            **_WSGI,
            "REQUEST_METHOD": head.method,
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "REMOTE_ADDR": self.client_address[0],
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": head.version,
            "wsgi.input": io.BytesIO(body),
        }
        for name, value in head.headers.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        environ["CONTENT_TYPE"] = head.headers.get("content-type", "")
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        return environ

    def _ask(self, environ: WSGIEnvironment) -> Answer:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
            started.append((status, headers))
            return None

        parts: Iterable[bytes] = self.application(environ, start_response)
        try:
            content = b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()
        return (*started[-1], content)

    def _write(self, answer: Answer, *, head_only: bool, keep: bool) -> None:
        status, headers, content = answer
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        if not any(name.lower() == "content-length" for name, _ in headers):
            lines.append(f"Content-Length: {len(content)}")
        if not keep:
            lines.append("Connection: close")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        self.wfile.write(head if head_only else head + content)

    def _cut(self) -> None:
        """Have the connection reset instead of answered."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
