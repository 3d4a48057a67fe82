"""Judges for all friends at a message or action whether it may happen, and always with a reason."""

from collections.abc import Sequence
from dataclasses import replace

from scheduler import effects
from scheduler.apologies import is_apology
from scheduler.candidates import for_step
from scheduler.matching import matching
from scheduler.reasons import Reason
from scheduler.step_deliveries import Ground, Member, expiry, newest_version
from scheduler.verdicts import Allowed, Refused, Verdict, may_send


def judge(ground: Ground, members: Sequence[Member]) -> dict[int, Verdict]:
    """Return each enrolment's verdict at the step; what was no plain yes is written down."""
    verdicts = _verdicts(ground, members)
    told = ((member.id, member.friend_id, verdicts[member.id]) for member in members)
    ground.book.judged(ground.step.id, told, ground.now)
    return verdicts


def _verdicts(ground: Ground, members: Sequence[Member]) -> dict[int, Verdict]:
    general = _general_refusal(ground)
    if general:
        return {member.id: Refused(general) for member in members}
    friends = {member.friend_id for member in members}
    wanted = matching(ground.session, ground.step.condition, friends, ground.now, ground.settings)
    if ground.step.message_id is None:
        return {
            member.id: Allowed() if member.friend_id in wanted else Refused(Reason.CONDITION)
            for member in members
        }
    asked = for_step(ground.session, friends, ground.step.purpose, ground.shared.house(ground.now))
    apology = is_apology(ground.scenario.key)
    verdicts: dict[int, Verdict] = {}
    for member in members:
        candidate = replace(asked[member.friend_id], expires_at=expiry(ground, member), apology=apology)
        fits = member.friend_id in wanted
        verdicts[member.id] = may_send(candidate, ground.now) if fits else Refused(Reason.CONDITION)
    return verdicts


def _general_refusal(ground: Ground) -> Reason | None:
    if effects.lacks_trial_product(ground.session, ground.step):
        return Reason.NO_TRIAL_PRODUCT
    if ground.step.message_id is not None and newest_version(ground) is None:
        return Reason.NO_MESSAGE
    return None
