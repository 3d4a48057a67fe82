"""Judges by rules, in their order, whether one message may go to one friend at one moment: pure, and always with a reason."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.candidate_facts import Candidate, Channel, Progress, Recipient
from scheduler.models import DeliveryKind, Purpose
from scheduler.reasons import Reason
from scheduler.silence import next_moment

OPEN_TO_STRANGERS = timedelta(days=7)
"""How long after they wrote LINE lets us push to people who do not follow."""
PAUSE_RECHECK = timedelta(minutes=15)
LONGEST_HOLD = timedelta(days=7)
"""How long a step waits for room in the contact plan when nobody said until when it makes sense."""


@dataclass(frozen=True)
class Allowed:
    """It may leave now."""


@dataclass(frozen=True)
class Held:
    """It may not leave before `until`; ask again then."""

    until: datetime
    reason: Reason
    figures: str = ""
    """The numbers it was decided by, in the order in which the reason's words name them (scheduler.decision_words)."""


@dataclass(frozen=True)
class Refused:
    """It may never leave."""

    reason: Reason
    figures: str = ""


Verdict = Allowed | Held | Refused
Rule = Callable[[Candidate, datetime], Held | Refused | None]
"""Says what stands against a message; None when nothing does."""


def may_send(candidate: Candidate, now: datetime) -> Verdict:
    """Judge one message at `now`: the first of RULES that has something against it decides."""
    for rule in RULES:
        verdict = rule(candidate, now)
        if verdict is not None:
            return verdict
    return Allowed()


def _already_got(candidate: Candidate, now: datetime) -> Refused | None:
    return Refused(Reason.ALREADY_GOT) if candidate.already_got else None


_OVER = {
    Progress.CANCELLED: Reason.CAMPAIGN_CANCELLED,
    Progress.ENDED: Reason.SCENARIO_ENDED,
    Progress.REMOVED: Reason.STEP_REMOVED,
}


def _campaign_ended(candidate: Candidate, now: datetime) -> Refused | None:
    reason = _OVER.get(candidate.progress)
    return Refused(reason) if reason else None


def _expired(candidate: Candidate, now: datetime) -> Refused | None:
    too_late = candidate.expires_at is not None and candidate.expires_at <= now
    return Refused(Reason.EXPIRED) if too_late else None


def _unreachable(candidate: Candidate, now: datetime) -> Refused | None:
    who = candidate.recipient
    if candidate.channel is Channel.MAIL:
        return None if who.by_mail else Refused(Reason.NO_MAIL)
    if not who.on_line:
        return Refused(Reason.NO_LINE_ID)
    if who.blocked:
        return Refused(Reason.BLOCKED)
    if not who.follows and not (candidate.purpose is Purpose.SERVICE and _wrote_lately(who, now)):
        return Refused(Reason.NOT_FOLLOWING)
    return None


def _wrote_lately(who: Recipient, now: datetime) -> bool:
    return who.last_wrote_at is not None and now - who.last_wrote_at < OPEN_TO_STRANGERS


def _opted_out(candidate: Candidate, now: datetime) -> Refused | None:
    if candidate.recipient.opted_out and not candidate.is_awaited:
        return Refused(Reason.OPTED_OUT)
    return None


def _no_offers(candidate: Candidate, now: datetime) -> Refused | None:
    who = candidate.recipient
    if not candidate.sells:
        return None
    if who.offers_opted_out:
        return Refused(Reason.OFFERS_OPTED_OUT)
    if who.suppressed:
        return Refused(Reason.SUPPRESSED)
    if who.spared_until is not None and who.spared_until > now:
        return Refused(Reason.COMPLAINED)
    if who.owed:
        return Refused(Reason.TRUST_IN_THE_RED, str(who.owed))
    if who.contact.selling:
        return Refused(Reason.SALES_SHARE, who.contact.selling)
    return None


def _control_group(candidate: Candidate, now: datetime) -> Refused | None:
    """Drawn among those who would have got it, or the two groups could not be compared."""
    if candidate.held_out_of and candidate.sells:
        return Refused(Reason.CONTROL_GROUP, str(candidate.held_out_of))
    return None


def _contact_ceiling(candidate: Candidate, now: datetime) -> Held | Refused | None:
    """Wait for room as long as the message makes sense; a broadcast of which nobody said how long does not.

    An apology does not wait: whoever complains of hearing from us too often is at the ceiling, and would get none. It is
    no service message for that, or it would go to who opted out, and at night.
    """
    full = candidate.recipient.contact.ceiling
    if full is None or candidate.is_awaited or candidate.is_owed:
        return None
    waits = candidate.kind is DeliveryKind.STEP and full.until - now <= LONGEST_HOLD
    if full.until < candidate.expires_at if candidate.expires_at else waits:
        return Held(full.until, Reason.CONTACT_CEILING, full.figures)
    return Refused(Reason.CONTACT_CEILING, full.figures)


def _paused(candidate: Candidate, now: datetime) -> Held | Refused | None:
    if candidate.progress is not Progress.PAUSED:
        return None
    return _in_time(candidate, Held(now + PAUSE_RECHECK, Reason.CAMPAIGN_PAUSED))


def _silence(candidate: Candidate, now: datetime) -> Held | Refused | None:
    if candidate.is_awaited:
        return None
    moment, closed = next_moment(now, candidate.quiet, candidate.recipient.zone, candidate.open_days)
    if moment <= now:
        return None
    return _in_time(candidate, Held(moment, Reason.CLOSED_DAY if closed else Reason.QUIET_HOURS))


def _in_time(candidate: Candidate, hold: Held) -> Held | Refused:
    too_late = candidate.expires_at is not None and hold.until >= candidate.expires_at
    return Refused(Reason.EXPIRED) if too_late else hold


RULES: tuple[Rule, ...] = (
    _already_got,
    _campaign_ended,
    _expired,
    _unreachable,
    _opted_out,
    _no_offers,
    _control_group,
    _contact_ceiling,
    _paused,
    _silence,
)
"""Everything that is asked, in this order: what is over, who cannot or will not be written to, what has to wait.

docs/eligibility.md tells the same in words. Asked when a step comes due, and of everything just before it is sent.
"""
