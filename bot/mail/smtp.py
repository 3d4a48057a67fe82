"""The shop's mail server: hands over one mail at a time and says exactly how far it came.

smtplib's `sendmail` hides at which point a connection was lost. Before the line with the one dot that ends a mail the
server has taken nothing (RFC 5321, section 4.1.1.4); after it, only its answer can say.
"""

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from threading import RLock

from bot.mail.composing import Composer
from bot.mail.server import Security, Server
from scheduler.mail import Mail, MailAnswer, MailVerdict
from scheduler.mail_settings import MailSettings

SECONDS = 30.0
"""How long a server may take to answer; RFC 5321 would grant minutes, and a worker would stand still."""
_GONE = (OSError, smtplib.SMTPServerDisconnected)
NO_SUCH_ADDRESS = frozenset({550, 551, 553})
"""RFC 5321, section 4.2.3: mailbox unavailable, user not local, mailbox name not allowed."""


class SmtpGateway:
    """Implements scheduler.mail.MailGateway over one connection, kept until it rests."""

    def __init__(self, server: Server, composer: Composer, imprint: Callable[[], MailSettings]) -> None:
        """Prepare; nothing connects before the first mail. `imprint` returns what stands below mails now."""
        self._server, self._composer, self._imprint = server, composer, imprint
        self._lock = RLock()
        self._session: smtplib.SMTP | None = None

    def send(self, mail: Mail) -> MailAnswer:
        """Hand one mail over and say what became of it."""
        message = self._composer.compose(mail, self._imprint())
        with self._lock:
            return self._sent(mail, message)

    def rest(self) -> None:
        """Hang up."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            try:
                session.quit()
            except (smtplib.SMTPException, OSError):
                session.close()

    def knock(self) -> MailAnswer:
        """Connect and log in without sending anything; TAKEN when that works."""
        with self._lock:
            try:
                self._connected()
            except (smtplib.SMTPException, OSError) as error:
                self._drop()
                return _no_server(error)
        self.rest()
        return MailAnswer(MailVerdict.TAKEN)

    def _sent(self, mail: Mail, message: EmailMessage) -> MailAnswer:
        try:
            session = self._envelope_open()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return _no_server(error)
        try:
            code, words = session.rcpt(mail.to)
            if code not in {250, 251}:
                session.rset()
                return _refusal(code, words, to_recipient=True)
            code, words = session.docmd("DATA")
            if code != 354:
                session.rset()
                return _refusal(code, words)
            session.send(_dotted(message))
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return MailAnswer(MailVerdict.LATER, None, type(error).__name__)
        return self._ended(session, mail)

    def _ended(self, session: smtplib.SMTP, mail: Mail) -> MailAnswer:
        """Send the dot; from here on a lost connection tells nothing."""
        try:
            session.send(b".\r\n")
            code, words = session.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return MailAnswer(MailVerdict.UNCERTAIN, None, type(error).__name__)
        if code == 250:
            message_id = self._composer.message_id(mail).strip("<>")
            return MailAnswer(MailVerdict.TAKEN, code, message_id=message_id)
        if code == -1:
            self._drop()
            return MailAnswer(MailVerdict.UNCERTAIN, None, "no answer")
        return _refusal(code, words)

    def _envelope_open(self) -> smtplib.SMTP:
        """Return a connection on which the sender was accepted, a new one if the kept one has died meanwhile."""
        kept = self._session is not None
        try:
            return self._from(self._connected())
        except _GONE:
            self._drop()
            if not kept:
                raise
        return self._from(self._connected())

    def _from(self, session: smtplib.SMTP) -> smtplib.SMTP:
        code, words = session.mail(self._composer.sender)
        if code == -1:
            raise smtplib.SMTPServerDisconnected("no answer")
        if code != 250:
            session.rset()
            raise smtplib.SMTPSenderRefused(code, words, self._composer.sender)
        return session

    def _connected(self) -> smtplib.SMTP:
        if self._session is None:
            self._session = _open(self._server)
        return self._session

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()


def _open(server: Server) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.security is Security.TLS:
        session: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
    else:
        session = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
    try:
        session.ehlo_or_helo_if_needed()
        if server.security is Security.STARTTLS:
            session.starttls(context=context)
            session.ehlo()
        if server.user:
            session.login(server.user, server.password)
    except BaseException:
        session.close()
        raise
    return session


def _dotted(message: EmailMessage) -> bytes:
    """Return the mail as it goes over the wire, a dot doubled where a line begins with one."""
    text = message.as_bytes(policy=SMTP.clone(cte_type="7bit"))
    lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n").split(b"\n")
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines)


def _refusal(code: int, words: bytes, *, to_recipient: bool = False) -> MailAnswer:
    said = words.decode("utf-8", "replace")[:300]
    if 500 <= code < 600:
        # 5.1.x: something with the address itself (RFC 3463). Others, as 5.7.1, may be our fault.
        bad = to_recipient and code in NO_SUCH_ADDRESS and not said.startswith(("5.2", "5.3", "5.4", "5.7"))
        return MailAnswer(MailVerdict.BAD_ADDRESS if bad else MailVerdict.REFUSED, code, said)
    return MailAnswer(MailVerdict.LATER, code if code > 0 else None, said)


def _no_server(error: Exception) -> MailAnswer:
    """Say why nobody took us in; never in the server's own words, which may quote who we are."""
    code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None
    return MailAnswer(MailVerdict.NO_SERVER, code, type(error).__name__)
