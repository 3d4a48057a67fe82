"""What of a message and of its friend decides whether it may be sent."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo

from scheduler.contact_plan import ROOM, Standing
from scheduler.models import DeliveryKind, Purpose
from scheduler.timing import QuietHours
from segments.shop import Shop


class Channel(Enum):
    """Which way a message goes."""

    LINE = "line"
    MAIL = "mail"


class Progress(Enum):
    """How it stands with the broadcast or scenario that a message belongs to."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    ENDED = "ended"
    REMOVED = "removed"
    """The step was taken out; the friend may go on in its scenario."""


@dataclass(frozen=True)
class Recipient:
    """What of a friend decides whether they may be written to."""

    on_line: bool
    """Whether we know them by a LINE user id."""
    follows: bool
    blocked: bool
    opted_out: bool
    suppressed: bool
    last_wrote_at: datetime | None
    """Of those who do not follow; None for all others, who are open to us anyway."""
    zone: ZoneInfo
    """Where the friend sleeps: their own zone, or the shop's."""
    offers_opted_out: bool = False
    """Whether they want no messages that sell."""
    owed: int = 0
    """Points their trust account is in the red."""
    spared_until: datetime | None = None
    """Until when nothing is sold to them after a complaint."""
    contact: Standing = ROOM
    by_mail: bool = False
    """Whether mail may go to them; asked only of what goes by mail."""


@dataclass(frozen=True)
class Candidate:
    """One message that might go to one friend."""

    recipient: Recipient
    kind: DeliveryKind
    purpose: Purpose
    quiet: QuietHours | None = None
    expires_at: datetime | None = None
    already_got: bool = False
    progress: Progress = Progress.RUNNING
    open_days: Shop | None = None
    """Whose closed days this message waits for to pass; None when it leaves on any day."""
    held_out_of: int = 0
    """Percent of friends in the control group that this one is in; 0 when they are in none."""
    channel: Channel = Channel.LINE
    apology: bool = False
    """Whether the ready scenario of apologies sends it."""

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for it: the friend for an answer, the operator for a test."""
        return self.purpose is Purpose.SERVICE or self.kind is DeliveryKind.TEST

    @property
    def is_owed(self) -> bool:
        """Whether it makes good what went wrong; an offer that a shop put into the scenario does not."""
        return self.apology and self.purpose is Purpose.CARE

    @property
    def sells(self) -> bool:
        """Whether it is an offer; a test of one is none."""
        return self.purpose is Purpose.SALES and not self.is_awaited
