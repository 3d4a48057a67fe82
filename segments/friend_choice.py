"""Which friends a list, an export or a tagging is about: words to find them by, and a condition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from segments import audience, tags
from segments.conditions import All, Condition, dump, parse
from segments.folding import folded
from segments.leaves.friends import Everyone
from segments.leaves.ladders import InStage
from segments.models import Facts, Friend, FriendTag

LONGEST_WORDS = 100


@dataclass(frozen=True)
class FriendChoice:
    """Friends, on LINE or not, whom the words find and for whom the condition holds."""

    words: str = ""
    condition: Condition | None = None

    @property
    def is_everybody(self) -> bool:
        """Whether nobody is left out."""
        return not self.words and (self.condition is None or isinstance(self.condition, Everyone))

    @property
    def stages(self) -> Sequence[str]:
        """The stages they stand on, where nothing else is asked of them; else none."""
        condition = self.condition
        if self.words or not isinstance(condition, InStage):
            return []
        return [each.value for each in condition.stages]

    def to_json(self) -> dict[str, Any]:
        """Write it down, to be read by `read`."""
        return {"words": self.words, "condition": dump(self.condition) if self.condition else None}


def read(data: Mapping[str, Any]) -> FriendChoice:
    """Read what `to_json` wrote. Raises Invalid as conditions.parse."""
    tree = data.get("condition")
    return FriendChoice(str(data.get("words", "")), parse(tree) if tree else None)


def choice(words: str, *parts: Condition) -> FriendChoice:
    """Return the choice of those for whom all parts hold."""
    short = words.strip()[:LONGEST_WORDS]
    if len(parts) < 2:
        return FriendChoice(short, parts[0] if parts else None)
    return FriendChoice(short, All(of=list(parts)))


def chosen(
    session: Session, choice: FriendChoice, now: datetime, *, wide: bool = True
) -> ColumnElement[bool]:
    """Return the expression over Friend joined with Facts; raises Invalid for what a condition names and is gone."""
    tree = choice.condition
    fits = true() if tree is None else audience.matching(session, tree, now, wide=wide)
    return and_(_found_by(session, choice.words), fits)


def count(session: Session, choice: FriendChoice, now: datetime) -> int:
    """Return how many friends are chosen, on LINE or not."""
    if choice.is_everybody:
        return session.scalars(select(func.count()).select_from(Friend)).one()
    if choice.stages:
        # Along its index alone, without a look at anybody.
        return session.scalars(select(func.count()).where(Facts.stage.in_(choice.stages))).one()
    query = select(func.count()).select_from(Friend).join(Facts, Facts.friend_id == Friend.id)
    for table in (Friend, Facts):
        # As audience.count: reading in order is far cheaper than row by row through an index.
        query = query.with_hint(table, "NOT INDEXED", "sqlite")
    return session.scalars(query.where(chosen(session, choice, now))).one()


def _found_by(session: Session, words: str) -> ColumnElement[bool]:
    """Return that a part of a friend's name fits, or all of their member number, LINE user id or address, or a tag."""
    if not words:
        return true()
    short = folded(words)
    named = Friend.searched.contains(short, autoescape=True) if short else false()
    exact = or_(Friend.member_number == words, Friend.line_user_id == words, Friend.email == words)
    tag = tags.find(session, words)
    if tag is None:
        return or_(named, exact)
    carriers = select(FriendTag.friend_id).where(FriendTag.tag_id == tag.id)
    return or_(named, exact, Friend.id.in_(carriers))
