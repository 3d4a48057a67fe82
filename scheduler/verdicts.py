"""Judges whether one message may go to one friend at one moment: pure, and always with a reason."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from scheduler.models import DeliveryKind, Purpose
from scheduler.reasons import Reason
from scheduler.timing import QuietHours, next_allowed

OPEN_TO_STRANGERS = timedelta(days=7)
"""How long after they wrote LINE lets us push to people who do not follow."""
PAUSE_RECHECK = timedelta(minutes=15)


class Progress(Enum):
    """How it stands with the broadcast or scenario that a message belongs to."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    ENDED = "ended"


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

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for it: the friend for an answer, the operator for a test."""
        return self.purpose is Purpose.SERVICE or self.kind is DeliveryKind.TEST


@dataclass(frozen=True)
class Allowed:
    """It may leave now."""


@dataclass(frozen=True)
class Held:
    """It may not leave before `until`; ask again then."""

    until: datetime
    reason: Reason


@dataclass(frozen=True)
class Refused:
    """It may never leave."""

    reason: Reason


Verdict = Allowed | Held | Refused


def may_send(candidate: Candidate, now: datetime) -> Verdict:
    """Judge one message at `now`. The reasons are asked in the order an operator would name them."""
    refusal = _campaign_refusal(candidate, now) or _recipient_refusal(candidate, now)
    if refusal:
        return Refused(refusal)
    hold = _hold(candidate, now)
    if hold and candidate.expires_at and hold.until >= candidate.expires_at:
        return Refused(Reason.EXPIRED)
    return hold or Allowed()


def _campaign_refusal(candidate: Candidate, now: datetime) -> Reason | None:
    if candidate.already_got:
        return Reason.ALREADY_GOT
    if candidate.progress is Progress.CANCELLED:
        return Reason.CAMPAIGN_CANCELLED
    if candidate.progress is Progress.ENDED:
        return Reason.SCENARIO_ENDED
    if candidate.expires_at and candidate.expires_at <= now:
        return Reason.EXPIRED
    return None


def _recipient_refusal(candidate: Candidate, now: datetime) -> Reason | None:
    who = candidate.recipient
    if not who.on_line:
        return Reason.NO_LINE_ID
    if who.blocked:
        return Reason.BLOCKED
    if not who.follows and not (candidate.purpose is Purpose.SERVICE and _wrote_lately(who, now)):
        return Reason.NOT_FOLLOWING
    if who.opted_out and not candidate.is_awaited:
        return Reason.OPTED_OUT
    if who.suppressed and candidate.purpose is Purpose.SALES and not candidate.is_awaited:
        return Reason.SUPPRESSED
    return None


def _wrote_lately(who: Recipient, now: datetime) -> bool:
    return who.last_wrote_at is not None and now - who.last_wrote_at < OPEN_TO_STRANGERS


def _hold(candidate: Candidate, now: datetime) -> Held | None:
    if candidate.progress is Progress.PAUSED:
        return Held(now + PAUSE_RECHECK, Reason.CAMPAIGN_PAUSED)
    if candidate.is_awaited:
        return None
    allowed = next_allowed(now, candidate.quiet, candidate.recipient.zone)
    return Held(allowed, Reason.QUIET_HOURS) if allowed > now else None
