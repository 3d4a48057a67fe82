"""Questions answered by a number that the facts already hold: one short class each."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator
from sqlalchemy import ColumnElement

from segments.leaves import said
from segments.leaves.context import Context, Known
from segments.leaves.node import Seen, Timeless, glance, one_needed
from segments.leaves.ranges import Range, fits, must_limit
from segments.leaves.said import Said
from segments.models import Facts

BALANCE = 10**9


class Sum(Range, Timeless):
    """A number of the facts in a range."""

    column: ClassVar[str]
    subject: ClassVar[Said]
    unit: ClassVar[said.Unit]

    def sql(self, context: Context) -> ColumnElement[bool]:
        return self.fits(getattr(Facts, self.column))

    def words(self, known: Known) -> Said:
        span = self.span(type(self).unit)
        return Said(f"{self.subject.ja}{span.ja}", f"{self.subject.en} {span.en}")

    def seen(self, context: Context) -> Seen:
        return glance(getattr(Facts, self.column), type(self).unit)


class PurchaseCount(Sum):
    """Bought so many times; purchases refunded in full do not count."""

    kind: Literal["purchase_count"] = Field(default="purchase_count", alias="is")
    column: ClassVar[str] = "purchase_count"
    subject: ClassVar[Said] = Said("", "bought")
    unit: ClassVar[said.Unit] = staticmethod(said.times)

    def words(self, known: Known) -> Said:
        return super().words(known).plus("購入", "")

    def seen(self, context: Context) -> Seen:
        return glance(Facts.purchase_count, said.times_bought)


class Spend(Sum):
    """Spent so many yen in all, refunds taken off."""

    kind: Literal["spend"] = Field(default="spend", alias="is")
    column: ClassVar[str] = "spend_yen"
    subject: ClassVar[Said] = Said("購入金額の合計が", "spent")
    unit: ClassVar[said.Unit] = staticmethod(said.yen)


class ProductCount(Sum):
    """Bought so many different products."""

    kind: Literal["product_count"] = Field(default="product_count", alias="is")
    column: ClassVar[str] = "product_count"
    subject: ClassVar[Said] = Said("購入した商品の種類が", "bought")
    unit: ClassVar[said.Unit] = staticmethod(said.counted("種類", "product", "different products"))


class ReferralCount(Sum):
    """Brought so many friends."""

    kind: Literal["referral_count"] = Field(default="referral_count", alias="is")
    column: ClassVar[str] = "referral_count"
    subject: ClassVar[Said] = Said("紹介した友だちが", "brought")
    unit: ClassVar[said.Unit] = staticmethod(said.counted("人", "friend", "friends"))


class EventsJoined(Sum):
    """Joined so many events and study sessions."""

    kind: Literal["events_joined"] = Field(default="events_joined", alias="is")
    column: ClassVar[str] = "event_count"
    subject: ClassVar[Said] = Said("イベントへの参加が", "joined")
    unit: ClassVar[said.Unit] = staticmethod(said.counted("回", "event", "events"))


class TapCount(Sum):
    """Tapped buttons and links so many times."""

    kind: Literal["tap_count"] = Field(default="tap_count", alias="is")
    column: ClassVar[str] = "tap_count"
    subject: ClassVar[Said] = Said("タップの回数が", "tapped")
    unit: ClassVar[said.Unit] = staticmethod(said.times)


class MessageCount(Sum):
    """Wrote to us so many times."""

    kind: Literal["message_count"] = Field(default="message_count", alias="is")
    column: ClassVar[str] = "message_count"
    subject: ClassVar[Said] = Said("メッセージをくれた回数が", "wrote")
    unit: ClassVar[said.Unit] = staticmethod(said.times)


class AnswerCount(Sum):
    """Answered so many survey questions."""

    kind: Literal["answer_count"] = Field(default="answer_count", alias="is")
    column: ClassVar[str] = "answer_count"
    subject: ClassVar[Said] = Said("アンケートへの回答が", "answered")
    unit: ClassVar[said.Unit] = staticmethod(said.counted("問", "question", "questions"))


class Points(Timeless):
    """Has so many points, which may be below zero."""

    model_config = one_needed("at_least", "at_most")

    kind: Literal["points"] = Field(default="points", alias="is")
    at_least: int | None = Field(default=None, ge=-BALANCE, le=BALANCE, strict=True)
    at_most: int | None = Field(default=None, ge=-BALANCE, le=BALANCE, strict=True)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        must_limit(self.at_least, self.at_most)
        return self

    def sql(self, context: Context) -> ColumnElement[bool]:
        return fits(Facts.points, self.at_least, self.at_most)

    def words(self, known: Known) -> Said:
        span = said.span(self.at_least, self.at_most, _points)
        return Said(f"ポイント残高が{span.ja}", f"has {span.en}")

    def seen(self, context: Context) -> Seen:
        return glance(Facts.points, _points)


_points = said.counted("ポイント", "point", "points")
