"""Questions about what friends did with what we sent: taps on tracked links, answers, reactions to a send."""

from datetime import timedelta
from typing import Any, ClassVar, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, or_, select, true

from segments.leaves import said
from segments.leaves.context import Context, Edge, Known, Span
from segments.leaves.json_fields import contains
from segments.leaves.node import (
    Cost,
    Id,
    Leaf,
    MaybeNames,
    Name,
    Named,
    Names,
    Seen,
    Timeless,
    glance,
    having,
)
from segments.leaves.ranges import MaybePeriod
from segments.leaves.said import Said
from segments.models import (
    AudienceMember,
    CustomerEvent,
    EventKind,
    Facts,
    Friend,
    Link,
    LinkTap,
    SurveyAnswer,
)


class Tapped(MaybePeriod, Leaf):
    """Tapped one of these tracked links, at least so many times within the period."""

    kind: Literal["tapped"] = Field(default="tapped", alias="is")
    cost: ClassVar[Cost] = Cost.ROWS
    links: Names
    at_least: int = Field(default=1, ge=1, le=10**6, strict=True)

    def sql(self, context: Context) -> ColumnElement[bool]:
        taps = self._taps(context)
        if self.at_least > 1:
            taps = taps.group_by(LinkTap.friend_id).having(func.count() >= self.at_least)
        return and_(Facts.tap_count >= self.at_least, having(taps, LinkTap.friend_id, context))

    def edges(self, span: Span) -> list[Edge]:
        return self.crossed(span, LinkTap.friend_id, LinkTap.at, LinkTap.link_id.in_(self._ids()))

    def _ids(self) -> Select[int]:
        return select(Link.id).where(Link.name.in_(self.links))

    def _taps(self, context: Context) -> Select[int]:
        return select(LinkTap.friend_id).where(
            LinkTap.link_id.in_(self._ids()), self.lies(LinkTap.at, context)
        )

    def words(self, known: Known) -> Said:
        names, when = said.one_of(self.links), self.between()
        often = said.span(self.at_least, None, said.times) if self.at_least > 1 else said.NOTHING
        return Said(
            f"{when.ja}リンク{names.ja}を{often.ja}タップ", f"tapped {names.en} {often.en}".rstrip() + when.en
        )

    def seen(self, context: Context) -> Seen:
        mine = self._taps(context).where(LinkTap.friend_id == Friend.id).correlate(Friend)
        return glance(mine.with_only_columns(func.count()).scalar_subquery(), said.times)

    def named(self) -> list[Named]:
        return [Named("link", each) for each in self.links]


class Answered(MaybePeriod, Leaf):
    """Answered a question of a survey: at all, with one of these answers, or with a text in it; the latest answer counts."""

    kind: Literal["answered"] = Field(default="answered", alias="is")
    cost: ClassVar[Cost] = Cost.ROWS
    question: Name
    answers: MaybeNames = Field(default_factory=list[str])
    contains: Name | None = None

    def sql(self, context: Context) -> ColumnElement[bool]:
        answers = select(SurveyAnswer.friend_id).where(
            SurveyAnswer.question == self.question,
            self.lies(SurveyAnswer.at, context),
            SurveyAnswer.answer.in_(self.answers) if self.answers else true(),
            true() if self.contains is None else contains(SurveyAnswer.answer, self.contains),
            not_(exists(_later())),
        )
        return and_(Facts.answer_count > 0, having(answers, SurveyAnswer.friend_id, context))

    def edges(self, span: Span) -> list[Edge]:
        return self.crossed(
            span, SurveyAnswer.friend_id, SurveyAnswer.at, SurveyAnswer.question == self.question
        )

    def words(self, known: Known) -> Said:
        when = self.between()
        text = f"「{self.contains}」を含む内容で" if self.contains else ""
        chosen = said.one_of(self.answers)
        ja = (f"{chosen.ja}と" if self.answers else "") + text
        en = (f" with {chosen.en}" if self.answers else "") + (
            f" with a text containing {self.contains}" if self.contains else ""
        )
        return Said(f"{when.ja}質問「{self.question}」に{ja}回答", f"answered {self.question}{en}{when.en}")

    def seen(self, context: Context) -> Seen:
        mine = select(SurveyAnswer.answer).where(
            SurveyAnswer.friend_id == Friend.id, SurveyAnswer.question == self.question
        )
        last = mine.order_by(SurveyAnswer.at.desc(), SurveyAnswer.id.desc()).limit(1).correlate(Friend)
        return glance(last.scalar_subquery(), _answer)


def _later() -> Select[Any]:
    later = SurveyAnswer.__table__.alias("later_answers")
    after = or_(
        later.c.at > SurveyAnswer.at, and_(later.c.at == SurveyAnswer.at, later.c.id > SurveyAnswer.id)
    )
    same = (later.c.friend_id == SurveyAnswer.friend_id, later.c.question == SurveyAnswer.question)
    return select(later.c.id).select_from(later).where(*same, after).correlate(SurveyAnswer)


def _answer(answer: str | None) -> Said:
    return (
        Said("回答なし", "no answer")
        if answer is None
        else Said(f"回答は「{answer}」", f"answered “{answer}”")
    )


class InAudience(Timeless):
    """Is in a frozen list; with `reacted`, and did (true) or did not (false) tap or write within `react_days` × 24 hours of it."""

    kind: Literal["audience"] = Field(default="audience", alias="is")
    cost: ClassVar[Cost] = Cost.ROWS
    audience_id: Id
    reacted: bool | None = Field(default=None, strict=True)
    react_days: int = Field(default=3, ge=1, le=365, strict=True)

    def sql(self, context: Context) -> ColumnElement[bool]:
        members = select(AudienceMember.friend_id).where(AudienceMember.audience_id == self.audience_id)
        inside = having(members, AudienceMember.friend_id, context)
        if self.reacted is None:
            return inside
        reacted = exists(self._reactions(context))
        return and_(inside, reacted if self.reacted else not_(reacted))

    def _reactions(self, context: Context) -> Select[Any]:
        frozen = context.known.frozen_at(self.audience_id)
        reacted = (
            CustomerEvent.friend_id == Friend.id,
            CustomerEvent.kind.in_([EventKind.TAPPED, EventKind.WROTE]),
            CustomerEvent.at >= frozen,
            CustomerEvent.at < frozen + timedelta(days=self.react_days),
        )
        return select(CustomerEvent.id).where(*reacted).correlate(Friend)

    def words(self, known: Known) -> Said:
        name = known.name("audience", self.audience_id)
        inside = Said(f"配信対象「{name}」に入っている", f"is in the audience {name}")
        if self.reacted is None:
            return inside
        days = said.days(self.react_days)
        if self.reacted:
            return Said(
                f"{inside.ja}、かつ{days.ja}以内に反応した", f"{inside.en} and reacted within {days.en}"
            )
        return Said(
            f"{inside.ja}、かつ{days.ja}以内に反応していない",
            f"{inside.en} and did not react within {days.en}",
        )

    def named(self) -> list[Named]:
        return [Named("audience", self.audience_id)]
