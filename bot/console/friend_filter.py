"""What the list of friends is narrowed to, as it stands in the page's address."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from bot.console import condition_form
from bot.i18n import current_language
from bot.words import explain
from segments import condition_known, condition_names, condition_words, friend_choice, saved, tags
from segments.conditions import Condition, InSegment
from segments.errors import Invalid, NotFound
from segments.friend_choice import LONGEST_WORDS, FriendChoice
from segments.leaves.ladders import InStage
from segments.leaves.tagging import Tagged
from segments.listing_marks import Order
from segments.stages import Stage

LONGEST_WHERE = 4000
"""Letters of a condition in an address: servers and browsers take no longer lines everywhere."""


@dataclass(frozen=True)
class FriendFilter:
    """The fields of the address, those that make sense."""

    words: str = ""
    stage: str = ""
    tag: str = ""
    segment_id: int = 0
    where: Condition | None = None
    order: Order = Order.NEWEST
    problems: tuple[str, ...] = field(default_factory=tuple[str, ...])
    """What is wrong with the address, in words: the list would be another than the one that was asked for."""

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves anybody out."""
        return bool(self.words or self.stage or self.tag or self.segment_id or self.where)

    @property
    def choice(self) -> FriendChoice:
        """Whom it leaves in."""
        parts: list[Condition] = []
        if self.stage:
            parts.append(InStage(stages=[Stage(self.stage)]))
        if self.tag:
            parts.append(Tagged(names=[self.tag]))
        if self.segment_id:
            parts.append(InSegment(segment_id=self.segment_id))
        if self.where is not None:
            parts.append(self.where)
        return friend_choice.choice(self.words, *parts)

    def query(self, **more: Any) -> dict[str, Any]:
        """Return the fields of an address that means the same, those that say nothing left out."""
        stands = {
            "q": self.words,
            "stage": self.stage,
            "tag": self.tag,
            "segment": self.segment_id,
            "where": condition_form.compact(self.where) if self.where is not None else "",
            "sort": self.order.value if self.order is not Order.NEWEST else "",
        }
        return {name: value for name, value in (stands | more).items() if value}


def read(args: MultiDict[str, str]) -> FriendFilter:
    """Read an address or a form that carries its fields; whatever is not understood is told in `problems`."""
    stage, order = args.get("stage", ""), args.get("sort", "")
    segment = args.get("segment", "")
    is_number = segment.isascii() and segment.isdecimal() and len(segment) < 19
    where, problems = _where(args.get("where", ""))
    return FriendFilter(
        words=args.get("q", "").strip()[:LONGEST_WORDS],
        stage=stage if stage in {each.value for each in Stage} else "",
        tag=args.get("tag", "").strip()[: tags.LONGEST],
        segment_id=int(segment) if is_number else 0,
        where=where,
        order=Order(order) if order in {each.value for each in Order} else Order.NEWEST,
        problems=problems,
    )


def _where(text: str) -> tuple[Condition | None, tuple[str, ...]]:
    if not text:
        return None, ()
    draft = condition_form.of_text(text, "c") if len(text) <= LONGEST_WHERE else None
    if draft is None or draft.tree is None or (draft.is_empty and text.strip("{} ")):
        return None, (_("条件を読み取れませんでした。もう一度作成してください。"),)
    return (None if draft.is_empty else draft.tree), ()


def checked(session: Session, asked: FriendFilter) -> FriendFilter:
    """Return the filter without what it names and is gone, which is told in `problems`."""
    kept, problems = asked, list(asked.problems)
    if asked.tag and tags.find(session, asked.tag) is None:
        kept = replace(kept, tag="")
        problems.append(_("「%(tag)s」というタグはありません。", tag=asked.tag))
    try:
        if asked.segment_id:
            condition_names.check(session, InSegment(segment_id=saved.load(session, asked.segment_id).id))
    except (NotFound, Invalid) as gone:
        kept = replace(kept, segment_id=0)
        problems.append(explain(gone))
    try:
        condition = replace(kept, words="").choice.condition
        if condition is not None:
            condition_names.check(session, condition)
            condition_known.load(session, condition)
    except Invalid as gone:
        kept = replace(kept, where=None, segment_id=0)
        problems.append(explain(gone))
    return replace(kept, problems=tuple(problems))


def where_words(session: Session, asked: FriendFilter) -> str:
    """Say the condition of a filter; "" without one."""
    if asked.where is None:
        return ""
    known = condition_known.with_names(session, asked.where, condition_known.load(session, asked.where))
    return condition_words.words(asked.where, current_language(), known)


def count(session: Session, asked: FriendFilter, now: datetime) -> int:
    """Return how many friends a filter leaves in."""
    return friend_choice.count(session, asked.choice, now)
