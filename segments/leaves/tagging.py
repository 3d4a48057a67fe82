"""The question of which tags a friend carries, who put them there and when."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true

from segments.leaves import said
from segments.leaves.context import Context, Edge, Known, Span
from segments.leaves.node import Cost, Leaf, Named, Names, Seen, glance, having
from segments.leaves.ranges import MaybePeriod
from segments.leaves.said import Said
from segments.models import Friend, FriendTag, Tag

Setter = Annotated[str, Field(pattern=r"^[a-z]+(:[0-9]+)?$", max_length=64)]


class Match(StrEnum):
    """Whether one of several names is enough."""

    ANY = "any"
    ALL = "all"


class Tagged(MaybePeriod, Leaf):
    """Carries one of these tags, or all of them.

    `set_by` says who put them on: `rule`, `operator`, `operator:3`, `import`, `api`, `tap`, …; the period says when.
    """

    kind: Literal["tag"] = Field(default="tag", alias="is")
    cost: ClassVar[Cost] = Cost.ROWS
    names: Names
    match: Match = Match.ANY
    set_by: list[Setter] = Field(default_factory=list[str], max_length=20)

    def sql(self, context: Context) -> ColumnElement[bool]:
        groups = [self.names] if self.match is Match.ANY else [[name] for name in self.names]
        return and_(
            *(having(self._carried(names, context), FriendTag.friend_id, context) for names in groups)
        )

    def edges(self, span: Span) -> list[Edge]:
        return self.crossed(
            span, FriendTag.friend_id, FriendTag.set_at, FriendTag.tag_id.in_(_ids(self.names))
        )

    def _carried(self, names: list[str], context: Context) -> Select[int]:
        when = self.lies(FriendTag.set_at, context) if self.ago() != said.NOTHING else true()
        return select(FriendTag.friend_id).where(FriendTag.tag_id.in_(_ids(names)), when, self._setters())

    def _setters(self) -> ColumnElement[bool]:
        by: Any = FriendTag.set_by
        ways = [or_(by == each, by.startswith(f"{each}:", autoescape=True)) for each in self.set_by]
        return or_(*ways) if ways else true()

    def words(self, known: Known) -> Said:
        names = said.one_of(self.names) if self.match is Match.ANY else said.all_of(self.names)
        by, when = said.one_of(self.set_by), self.between()
        who = Said(f"{by.ja}が付けた", f" set by {by.en}") if self.set_by else said.NOTHING
        at = Said(f"{when.ja}付いた", f" set{when.en}") if when.ja else said.NOTHING
        return Said(f"{at.ja}{who.ja}タグ{names.ja}がある", f"has the tag {names.en}{who.en}{at.en}")

    def seen(self, context: Context) -> Seen:
        mine = (
            select(func.aggregate_strings(Tag.name, "、"))
            .join(FriendTag, FriendTag.tag_id == Tag.id)
            .where(FriendTag.friend_id == Friend.id, Tag.name.in_(self.names))
            .correlate(Friend)
        )
        return glance(mine.scalar_subquery(), lambda tags: Said(tags or "タグなし", tags or "no such tag"))

    def named(self) -> list[Named]:
        return [Named("tag", each) for each in self.names]


def _ids(names: list[str]) -> Select[int]:
    return select(Tag.id).where(Tag.name.in_(names))
