"""Reading one HTTP/1.1 request off a connection; the library's own reader costs as much as the whole answer."""

from dataclasses import dataclass
from typing import Protocol

LARGEST_BODY = 16 * 1024 * 1024
_LARGEST_LINE = 64 * 1024
_MOST_HEADERS = 100


class BadRequestError(Exception):
    """What came is not HTTP, or too much of it; `args[0]` is the status to answer with."""


class Reader(Protocol):
    """The reading side of a connection."""

    def readline(self, limit: int = -1, /) -> bytes:
        """One line, empty at the end."""
        ...

    def read(self, size: int = -1, /) -> bytes:
        """So many bytes."""
        ...


@dataclass(frozen=True)
class RequestHead:
    """Request line and headers; header names are in lower case."""

    method: str
    target: str
    version: str
    headers: dict[str, str]

    @property
    def keeps_open(self) -> bool:
        """Whether another request may follow."""
        wish = self.headers.get("connection", "").lower()
        return wish != "close" if self.version == "HTTP/1.1" else wish == "keep-alive"


def read_head(reader: Reader) -> RequestHead | None:
    """The next request's head, None when the client has gone. Raises BadRequestError."""
    line = reader.readline(_LARGEST_LINE)
    if not line:
        return None
    words = line.decode("latin-1").split()
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequestError(400)
    return RequestHead(words[0], words[1], words[2], _headers(reader))


def read_body(reader: Reader, headers: dict[str, str]) -> bytes:
    """The whole body, so that the next request begins where it should. Raises BadRequestError."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return _chunks(reader)
    length = _number(headers.get("content-length", "0"), 10)
    if length > LARGEST_BODY:
        raise BadRequestError(413)
    return reader.read(length) if length else b""


def _headers(reader: Reader) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(_MOST_HEADERS):
        line = reader.readline(_LARGEST_LINE)
        if line in {b"\r\n", b"\n", b""}:
            return headers
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise BadRequestError(400)
        headers[name.strip().lower()] = value.strip()
    raise BadRequestError(431)


def _chunks(reader: Reader) -> bytes:
    parts: list[bytes] = []
    room = LARGEST_BODY
    while size := _number(reader.readline(_LARGEST_LINE).split(b";")[0].decode("latin-1"), 16):
        room -= size
        if room < 0:
            raise BadRequestError(413)
        parts.append(reader.read(size))
        reader.readline(_LARGEST_LINE)
    _headers(reader)
    return b"".join(parts)


def _number(text: str, base: int) -> int:
    try:
        return max(0, int(text, base))
    except ValueError as failure:
        raise BadRequestError(400) from failure
