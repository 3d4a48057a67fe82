"""The port through which mail leaves, and what may become of one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID, uuid5

from scheduler.batches import KEY_SPACE
from scheduler.mail_content import MailContent


class MailVerdict(StrEnum):
    """What a mail server made of one mail."""

    TAKEN = "accepted"
    LATER = "temporary"
    """Not now, this one (4xx): the others may go on."""
    NO_SERVER = "no_server"
    """Nobody to ask, or nobody who lets us in: the others need not try."""
    BAD_ADDRESS = "bad_address"
    """There is no such address (5xx to the recipient): nothing goes there any more."""
    REFUSED = "refused"
    """Never this mail (5xx to anything else)."""
    UNCERTAIN = "uncertain"
    """The connection was lost after all of it was handed over: it may have been taken, so it is not sent again."""


@dataclass(frozen=True)
class Mail:
    """One mail to one friend."""

    delivery_id: int
    friend_id: int
    to: str
    language: str
    content: MailContent

    @property
    def key(self) -> UUID:
        """What its Message-ID is made of: the same whenever this delivery is tried."""
        return uuid5(KEY_SPACE, f"mail:{self.delivery_id}")


@dataclass(frozen=True)
class MailAnswer:
    """A mail server's answer: the SMTP code, if there was one, and its words."""

    verdict: MailVerdict
    status: int | None = None
    words: str = ""
    message_id: str | None = None


class MailGateway(Protocol):
    """Where mail goes."""

    def send(self, mail: Mail) -> MailAnswer:
        """Hand one mail over; never raises for what the server says or for a lost connection."""
        ...

    def rest(self) -> None:
        """Hang up until the next mail."""
        ...
