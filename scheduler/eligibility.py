"""The only answer to "may we send this to this friend now?": load candidates, judge each, give the reason in words."""

from scheduler.candidate_facts import Candidate, Progress, Recipient
from scheduler.candidates import candidates, for_step
from scheduler.house import quiet_hours
from scheduler.reasons import Reason, reason_words
from scheduler.recipients import zones
from scheduler.verdicts import Allowed, Held, Refused, Verdict, may_send

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
