"""Tells of one friend why a condition means them or not, from the same tree that counts everybody."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from segments import condition_known, condition_names, condition_words, shop
from segments.compiler import sendable
from segments.conditions import All, AnyOf, Condition, InSegment, NoneOf
from segments.errors import NotFound
from segments.leaves.context import Context
from segments.leaves.node import Leaf, Seen
from segments.leaves.said import Said
from segments.models import Facts, Friend


@dataclass(frozen=True)
class Explanation:
    """Whether one part of a condition holds for a friend, in words, with what was seen; and the parts below it."""

    kind: str
    holds: bool
    words: Said
    seen: Said | None = None
    parts: tuple["Explanation", ...] = ()
    sendable: bool = True
    """False of somebody LINE does not know as our friend: no count and no send holds them, whatever else is true."""

    def verdict(self, language: str) -> str:
        """Say whether the friend is meant and name the parts that decided it, and no others."""
        return self._verdict().of(language)

    def _verdict(self) -> Said:
        reasons = [_reason(each) for each in deciding(self)] or [
            Said("条件がありません", "there is no condition")
        ]
        ja, en = "、".join(each.ja for each in reasons), "; ".join(each.en for each in reasons)
        if not self.holds:
            return Said(f"対象外です。理由：{ja}", f"Not included. Because: {en}")
        if not self.sendable:
            return Said(
                f"条件にはあてはまりますが、LINEの友だちではないため対象外です。理由：{ja}",
                f"The condition holds, but LINE does not know them as a friend, so they are not included. Because: {en}",
            )
        return Said(f"対象です。理由：{ja}", f"Included. Because: {en}")

    def to_json(self, language: str) -> dict[str, Any]:
        """Write the tree as plain JSON: is, holds, words, seen and parts."""
        seen = {"seen": self.seen.of(language)} if self.seen else {}
        parts = {"parts": [each.to_json(language) for each in self.parts]} if self.parts else {}
        return {"is": self.kind, "holds": self.holds, "words": self.words.of(language)} | seen | parts


def explain(session: Session, condition: Condition, friend_id: int, now: datetime) -> Explanation:
    """Return why a friend is meant or not at `now`, in one query over all parts.

    Raises NotFound("friend_unknown"), and Invalid as condition_names.check does for a name that is gone.
    """
    condition_names.check(session, condition)
    known = condition_known.with_names(session, condition, condition_known.load(session, condition))
    context = Context(now, shop.load(session).zone, known)
    asked = [_Asked(each, context) for each in _leaves(condition, context)]
    columns: list[ColumnElement[Any]] = [sendable(), *(column for each in asked for column in each.columns)]
    labelled = [column.label(f"c{number}") for number, column in enumerate(columns)]
    query = select(*labelled).select_from(Friend).join(Facts, Facts.friend_id == Friend.id)
    row = session.execute(query.where(Friend.id == friend_id)).one_or_none()
    if row is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    values = iter(row)
    reachable = bool(next(values))
    told = iter([each.told(values) for each in asked])
    return _tree(condition, context, told, reachable)


class _Asked:
    """One leaf, with the columns that answer it."""

    def __init__(self, leaf: Leaf, context: Context) -> None:
        self._words = leaf.words(context.known)
        self._kind: str = leaf.model_dump(by_alias=True)["is"]
        self._seen: Seen | None = leaf.seen(context)
        self.columns = (leaf.sql(context), *(self._seen.columns if self._seen else ()))

    def told(self, values: Iterator[Any]) -> Explanation:
        """Take the leaf's own values off the row and say what they mean."""
        holds = bool(next(values))
        seen = self._seen.say(*(next(values) for _ in self._seen.columns)) if self._seen else None
        return Explanation(self._kind, holds, self._words, seen)


def _leaves(condition: Condition, context: Context) -> Iterator[Leaf]:
    for part in _parts(condition, context):
        yield from _leaves(part, context)
    if isinstance(condition, Leaf):
        yield condition


def _parts(condition: Condition, context: Context) -> list[Condition]:
    if isinstance(condition, InSegment):
        return [context.known.inside(condition.segment_id)]
    return condition.of if isinstance(condition, All | AnyOf | NoneOf) else []


def _tree(
    condition: Condition, context: Context, told: Iterator[Explanation], reachable: bool
) -> Explanation:
    if isinstance(condition, Leaf):
        one = next(told)
        return Explanation(one.kind, one.holds, one.words, one.seen, sendable=reachable)
    parts = tuple(_tree(each, context, told, reachable) for each in _parts(condition, context))
    answers = [each.holds for each in parts]
    match condition:
        case All() | InSegment():
            holds = all(answers)
        case AnyOf():
            holds = any(answers)
        case NoneOf():
            holds = not any(answers)
    words = condition_words.said(condition, context.known)
    return Explanation(condition.kind, holds, words, None, parts, reachable)


def deciding(node: Explanation) -> Iterator[Explanation]:
    """Yield the leaves that decided: of what fails those that failed, of what holds those it rests on."""
    if not node.parts:
        if node.kind not in {"all", "any", "none"}:
            yield node
        return
    # In `none` it is the other way round: what holds breaks it, and it rests on everything that does not.
    wanted = node.holds if node.kind != "none" else not node.holds
    for each in node.parts:
        if each.holds == wanted:
            yield from deciding(each)


def _reason(leaf: Explanation) -> Said:
    ja = leaf.words.ja if leaf.holds else f"「{leaf.words.ja}」にあてはまりません"
    en = leaf.words.en if leaf.holds else f"not: {leaf.words.en}"
    return Said(f"{ja}（{leaf.seen.ja}）", f"{en} ({leaf.seen.en})") if leaf.seen else Said(ja, en)
