"""Writes a mail: text and HTML, the shop's imprint below both, and the headers by which one tap ends it all."""

import hashlib
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cached_property
from pathlib import Path

from itsdangerous import BadSignature, Signer
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from bot.picture_addresses import STORED
from scheduler.mail import Mail
from scheduler.mail_content import BlockKind
from scheduler.mail_settings import MailSettings
from segments.clock import Clock

TEMPLATES = Path(__file__).parents[2] / "templates" / "mail"
PATH = "/m/unsubscribe/"
SALT = b"kokyaku mail unsubscribe"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Unsubscribing:
    """Makes and reads the addresses that end a friend's mail; they never expire, for mails are kept for years."""

    public_url: str
    secret: str

    @cached_property
    def _signer(self) -> Signer:
        return Signer(self.secret, SALT, key_derivation="hmac", digest_method=hashlib.sha256)

    def address(self, friend_id: int) -> str:
        """Return where a friend refuses further mail."""
        return f"{self.public_url.rstrip('/')}{PATH}{self.token(friend_id)}"

    def token(self, friend_id: int) -> str:
        """Return what stands for a friend in that address."""
        return self._signer.sign(str(friend_id)).decode()

    def read(self, token: str) -> int | None:
        """Return whose token of ours it is; None for any other."""
        try:
            number = self._signer.unsign(token).decode()
        except (BadSignature, UnicodeError, ValueError):
            return None
        return int(number) if number.isascii() and number.isdecimal() and len(number) < 20 else None


@dataclass(frozen=True)
class Composer:
    """What all mails of a shop share."""

    sender: str
    """The address they come from."""
    unsubscribing: Unsubscribing
    clock: Clock
    pictures_at: str = STORED
    """Where readers find pictures of our own (bot.picture_addresses)."""

    def compose(self, mail: Mail, imprint: MailSettings) -> EmailMessage:
        """Return the mail with its headers (RFC 5322; RFC 8058 for refusing with one tap)."""
        refusing = self.unsubscribing.address(mail.friend_id)
        message = EmailMessage(policy=SMTP)
        message["Subject"] = _one_line(mail.content.subject) or _one_line(imprint.name)
        message["From"] = Address(_one_line(imprint.name), addr_spec=self.sender)
        message["To"] = Address(addr_spec=mail.to)
        message["Date"] = format_datetime(self.clock.now())
        message["Message-ID"] = self.message_id(mail)
        message["List-Unsubscribe"] = f"<{refusing}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        # No holiday answers, please (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        known = {
            "mail": mail,
            "imprint": imprint,
            "refusing": refusing,
            "english": mail.language != "ja",
            "kinds": BlockKind,
        }
        message.set_content(_ENVIRONMENT.get_template("message.txt").render(known))
        page = _ENVIRONMENT.get_template("message.html").render(known)
        message.add_alternative(page.replace(STORED, self.pictures_at), subtype="html")
        return message

    def message_id(self, mail: Mail) -> str:
        """Return the id of a mail: the same each time it is tried, so that servers and readers can tell."""
        return f"<{mail.key}@{self.sender.rpartition('@')[2]}>"


def _one_line(words: str) -> str:
    """Return words that a header can hold."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())
