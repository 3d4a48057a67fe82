"""The only answer to "may we send this to this friend now?": load candidates, judge each, give the reason in words."""

from scheduler.candidates import candidates, for_step, quiet_hours, zones
from scheduler.reasons import Reason, reason_words
from scheduler.verdicts import Allowed, Candidate, Held, Progress, Recipient, Refused, Verdict, may_send

__all__ = [
    "Allowed",
    "Candidate",
    "Held",
    "Progress",
    "Reason",
    "Recipient",
    "Refused",
    "Verdict",
    "candidates",
    "for_step",
    "may_send",
    "quiet_hours",
    "reason_words",
    "zones",
]
