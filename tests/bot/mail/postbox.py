"""A real mail server that keeps what it takes and fails as a test tells it to."""

from asyncio import Server as AsyncioServer
from asyncio import WriteTransport
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from typing import Any, cast

from aiosmtpd import smtp
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session


@dataclass
class Postbox:
    """What came, and what is to go wrong."""

    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])
    recipients: list[str] = field(default_factory=list[str])
    """Whom mail was taken for, in order."""
    refused: dict[str, str] = field(default_factory=dict[str, str])
    """Answers to RCPT by address, e.g. `550 5.1.1 no such user`."""
    answers: deque[str] = field(default_factory=deque[str])
    """Answers to the next mails in place of 250; `lost` takes the mail and hangs up, `cut` hangs up before."""
    logins: list[str] = field(default_factory=list[str])
    port: int = 0

    async def handle_RCPT(  # noqa: N802 — aiosmtpd's name
        self, _server: smtp.SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Say whether an address is known here."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: smtp.SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail, or not."""
        answer = self.answers.popleft() if self.answers else "250 OK"
        if answer in {"250 OK", "lost"}:
            content = envelope.content
            assert isinstance(content, bytes)
            self.mails.append(BytesParser(EmailMessage, policy=SMTP).parsebytes(content))
            self.recipients.extend(str(each) for each in envelope.rcpt_tos)
        if answer in {"lost", "cut"}:
            cast("WriteTransport", server.transport).abort()
        return answer

    def authenticate(self, _server: smtp.SMTP, _session: Session, _envelope: Envelope, _kind: str, given: Any) -> AuthResult:  # fmt: skip
        """Let `shop` in with the password `right`."""
        self.logins.append(given.login.decode())
        return AuthResult(success=(given.login, given.password) == (b"shop", b"right"))


class _OnAnyPort(Controller):
    """Takes a free port and knows which."""

    def _trigger_server(self) -> None:
        self.port: int = cast("AsyncioServer", self.server).sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def a_postbox(*, log_in: bool = False) -> Generator[Postbox]:
    """Serve a postbox on a free port of this machine."""
    box = Postbox()
    more: dict[str, Any] = {}
    if log_in:
        more = {"authenticator": box.authenticate, "auth_require_tls": False}
    controller = _OnAnyPort(box, hostname="127.0.0.1", port=0, **more)
    controller.start()
    try:
        box.port = controller.port
        yield box
    finally:
        controller.stop()
