"""How many friends a condition in a form means at this moment, some of them, and why it cannot be counted yet."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from bot.console import condition_form
from bot.console.condition_form import Draft
from bot.words import explain
from segments import audience
from segments.condition_refusals import REFUSALS, is_passing
from segments.conditions import All, Condition, NoneOf
from segments.errors import Invalid
from segments.models import Friend

SAMPLE = 8
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Counted:
    """What was found, or why nothing was."""

    at: datetime
    words: str = ""
    count: int | None = None
    sample: Sequence[Friend] = field(default_factory=list[Friend])
    problems: Sequence[str] = field(default_factory=list[str])
    change: tuple[int, int] | None = None
    """How many a change would bring in and take out; None while nothing is changed."""


def count(session: Session, draft: Draft, now: datetime, stored: Condition | None = None) -> Counted:
    """Count the friends of a draft; of one that makes no sense yet say why.

    With the condition that is stored now it is told how many the draft would bring in and take out.
    """
    words = condition_form.shown(session, draft).words
    problems = [each for told in draft.errors.values() for each in told]
    if draft.tree is None or problems:
        return Counted(now, words, problems=list(dict.fromkeys(problems)))
    try:
        found = audience.count(session, draft.tree, now)
        some = audience.preview(session, draft.tree, now, SAMPLE)
        return Counted(now, words, found, some, change=_change(session, draft.tree, stored, now))
    except Invalid as error:
        return Counted(now, words, problems=[explain(error)])
    except REFUSALS as error:
        if is_passing(error):
            raise
        log.warning("condition_not_counted", kind=type(error).__name__)
        return Counted(now, words, problems=[explain(Invalid("condition_broke"))])


def _change(
    session: Session, tree: Condition, stored: Condition | None, now: datetime
) -> tuple[int, int] | None:
    if stored is None or stored == tree:
        return None
    inside = audience.count(session, All(of=[tree, NoneOf(of=[stored])]), now)
    return inside, audience.count(session, All(of=[stored, NoneOf(of=[tree])]), now)
