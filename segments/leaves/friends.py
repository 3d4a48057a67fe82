"""Questions answered by the friend's own row: who they are, where they came from, whether we reach them."""

from typing import ClassVar, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, and_, true

from segments.leaves import said
from segments.leaves.context import Context, Edge, Known, Span
from segments.leaves.node import LONGEST_LIST, Cost, Id, Leaf, Names, Seen, Timeless, glance
from segments.leaves.ranges import Period
from segments.leaves.said import Said
from segments.models import Friend

LANGUAGES = {"ja": Said("日本語", "Japanese"), "en": Said("英語", "English")}


def sendable() -> ColumnElement[bool]:
    """Return the expression for friends a message could be written to: LINE knows them and they followed once."""
    return and_(Friend.line_user_id.is_not(None), Friend.followed_at.is_not(None))


class OfFriend(Timeless):
    """A question to the friend's own row."""

    cost: ClassVar[Cost] = Cost.FRIEND


class Everyone(Timeless):
    """No condition at all."""

    kind: Literal["everyone"] = Field(default="everyone", alias="is")

    def sql(self, context: Context) -> ColumnElement[bool]:
        return true()

    def words(self, known: Known) -> Said:
        return Said("すべての友だち", "everyone")


class Speaks(OfFriend):
    """Uses LINE in one of these languages (`ja`, `en`, …)."""

    kind: Literal["language"] = Field(default="language", alias="is")
    languages: Names

    def sql(self, context: Context) -> ColumnElement[bool]:
        return Friend.language.in_(self.languages)

    def words(self, known: Known) -> Said:
        names = said.one_of(LANGUAGES.get(each, Said(each, each)) for each in self.languages)
        return Said(f"LINEの言語が{names.ja}", f"uses LINE in {names.en}")

    def seen(self, context: Context) -> Seen:
        return glance(Friend.language, lambda language: LANGUAGES.get(language, Said(language, language)))


class CameBy(OfFriend):
    """Arrived by one of these routes."""

    kind: Literal["route"] = Field(default="route", alias="is")
    routes: Names

    def sql(self, context: Context) -> ColumnElement[bool]:
        return and_(Friend.route.is_not(None), context.broad(Friend.route).in_(self.routes))

    def words(self, known: Known) -> Said:
        names = said.one_of(self.routes)
        return Said(f"友だち追加の経路が{names.ja}", f"arrived by {names.en}")

    def seen(self, context: Context) -> Seen:
        return glance(Friend.route, lambda route: Said(route or "経路は不明", route or "route unknown"))


class OptedIn(OfFriend):
    """Did not ask us to stop."""

    kind: Literal["opted_in"] = Field(default="opted_in", alias="is")

    def sql(self, context: Context) -> ColumnElement[bool]:
        return Friend.opted_out_at.is_(None)

    def words(self, known: Known) -> Said:
        return Said("配信停止を希望していない", "did not opt out")


class OptedOut(OfFriend):
    """Asked us to stop."""

    kind: Literal["opted_out"] = Field(default="opted_out", alias="is")

    def sql(self, context: Context) -> ColumnElement[bool]:
        return Friend.opted_out_at.is_not(None)

    def words(self, known: Known) -> Said:
        return Said("配信停止を希望している", "opted out")


class OffersOptedOut(OfFriend):
    """Asked us to send no offers; other messages are welcome."""

    kind: Literal["offers_opted_out"] = Field(default="offers_opted_out", alias="is")

    def sql(self, context: Context) -> ColumnElement[bool]:
        return Friend.offers_opted_out_at.is_not(None)

    def words(self, known: Known) -> Said:
        return Said("販売のご案内の停止を希望している", "opted out of offers")


class Blocked(OfFriend):
    """Blocked the account on LINE."""

    kind: Literal["blocked"] = Field(default="blocked", alias="is")

    def sql(self, context: Context) -> ColumnElement[bool]:
        return Friend.blocked_at.is_not(None)

    def words(self, known: Known) -> Said:
        return Said("ブロックしている", "blocked us")


class Reachable(OfFriend):
    """Follows us now, did not block us and did not ask us to stop."""

    kind: Literal["reachable"] = Field(default="reachable", alias="is")

    def sql(self, context: Context) -> ColumnElement[bool]:
        return and_(sendable(), Friend.blocked_at.is_(None), Friend.opted_out_at.is_(None))

    def words(self, known: Known) -> Said:
        return Said("メッセージを送れる", "can be sent messages")


class MemberLinked(OfFriend):
    """Has a member number of the shop."""

    kind: Literal["member_linked"] = Field(default="member_linked", alias="is")

    def sql(self, context: Context) -> ColumnElement[bool]:
        return Friend.member_number.is_not(None)

    def words(self, known: Known) -> Said:
        return Said("会員番号とつながっている", "has a member number")


class EmailKnown(OfFriend):
    """Gave an e-mail address; with `consented`, also agreed to get mail."""

    kind: Literal["email_known"] = Field(default="email_known", alias="is")
    consented: bool = Field(default=False, strict=True)

    def sql(self, context: Context) -> ColumnElement[bool]:
        agreed = Friend.email_consent_at.is_not(None) if self.consented else true()
        return and_(Friend.email.is_not(None), Friend.email != "", agreed)

    def words(self, known: Known) -> Said:
        address = Said("メールアドレスがわかっている", "e-mail address known")
        return address.plus("（受信に同意済み）", ", with consent") if self.consented else address


class Followed(Period, Leaf):
    """First followed within or before so many days."""

    kind: Literal["followed"] = Field(default="followed", alias="is")
    cost: ClassVar[Cost] = Cost.FRIEND

    def sql(self, context: Context) -> ColumnElement[bool]:
        return self.lies(context.broad(Friend.followed_at, self.within_days), context)

    def edges(self, span: Span) -> list[Edge]:
        return self.crossed(span, Friend.id, Friend.followed_at)

    def words(self, known: Known) -> Said:
        return Said(f"友だち追加が{self.ago().ja}", f"first followed {self.ago().en}")

    def seen(self, context: Context) -> Seen:
        return glance(Friend.followed_at, lambda at: said.day_of(at, context.zone))


class OneOf(Timeless):
    """Is one of these friends."""

    kind: Literal["friends"] = Field(default="friends", alias="is")
    ids: list[Id] = Field(max_length=LONGEST_LIST)

    def sql(self, context: Context) -> ColumnElement[bool]:
        return Friend.id.in_(self.ids)

    def words(self, known: Known) -> Said:
        some = said.counted("人", "friend", "friends")(len(self.ids))
        return Said(f"名指しした{some.ja}のうちの1人", f"one of {some.en} named one by one")
