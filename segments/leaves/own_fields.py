"""Questions about the fields a shop keeps of its friends (friends.fields), whatever they are called."""

from datetime import date, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from sqlalchemy import ColumnElement, and_, func, select, true

from segments.leaves import said
from segments.leaves.context import Context, Edge, Known, Span
from segments.leaves.friends import OfFriend
from segments.leaves.json_fields import contains, field_day, field_number, field_text
from segments.leaves.node import Cost, Day, Days, Name, Names, Seen, glance, one_needed
from segments.leaves.ranges import fits, must_limit
from segments.leaves.said import Said
from segments.models import Friend

Decimal = Annotated[float, Field(ge=-1e9, le=1e9, strict=True, allow_inf_nan=False)]


class _OfField(OfFriend):
    """A question to one field of the friend."""

    cost: ClassVar[Cost] = Cost.DOCUMENT
    name: Name

    @property
    def _text(self) -> Any:
        return field_text(Friend.fields, self.name)

    def seen(self, context: Context) -> Seen:
        return glance(self._text, lambda text: Said("空欄", "empty") if text is None else Said(text, text))


class FieldIs(_OfField):
    """The field holds one of these values; numbers and true or false are compared as they are written."""

    kind: Literal["field"] = Field(default="field", alias="is")
    values: Names

    def sql(self, context: Context) -> ColumnElement[bool]:
        return func.coalesce(self._text, "").in_(self.values)

    def words(self, known: Known) -> Said:
        values = said.one_of(self.values)
        return Said(f"項目「{self.name}」が{values.ja}", f"field {self.name} is {values.en}")


class FieldContains(_OfField):
    """The field has this text in it, upper and lower case told apart."""

    kind: Literal["field_contains"] = Field(default="field_contains", alias="is")
    text: Name

    def sql(self, context: Context) -> ColumnElement[bool]:
        return contains(func.coalesce(self._text, ""), self.text)

    def words(self, known: Known) -> Said:
        return Said(f"項目「{self.name}」に「{self.text}」を含む", f"field {self.name} contains {self.text}")


class FieldKnown(_OfField):
    """The field is filled in."""

    kind: Literal["field_known"] = Field(default="field_known", alias="is")

    def sql(self, context: Context) -> ColumnElement[bool]:
        return func.coalesce(self._text, "") != ""

    def words(self, known: Known) -> Said:
        return Said(f"項目「{self.name}」が入力されている", f"field {self.name} is filled in")


class FieldNumber(_OfField):
    """The field is a number, or a text that is one, in this range."""

    model_config = one_needed("at_least", "at_most")

    kind: Literal["field_number"] = Field(default="field_number", alias="is")
    at_least: Decimal | None = None
    at_most: Decimal | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        must_limit(self.at_least, self.at_most)
        return self

    def sql(self, context: Context) -> ColumnElement[bool]:
        number = field_number(Friend.fields, self.name)
        return func.coalesce(fits(number, self.at_least, self.at_most), False)

    def words(self, known: Known) -> Said:
        low = None if self.at_least is None else f"{self.at_least:,g}"
        high = None if self.at_most is None else f"{self.at_most:,g}"
        ja = "".join((f"{low}以上" if low else "", f"{high}以下" if high else ""))
        en = " and ".join(filter(None, (low and f"at least {low}", high and f"at most {high}")))
        return Said(f"項目「{self.name}」が{ja}", f"field {self.name} is {en}")


class FieldDate(_OfField):
    """The field is a day (2026-11-21) in this period: between two days, so many days back or so many days ahead."""

    model_config = one_needed("from_date", "to_date", "within_days", "before_days", "coming_days")

    kind: Literal["field_date"] = Field(default="field_date", alias="is")
    from_date: Day | None = None
    to_date: Day | None = None
    within_days: Days | None = None
    before_days: Days | None = None
    coming_days: int | None = Field(default=None, ge=0, le=3660, strict=True)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_dump(exclude={"kind", "name"}, exclude_none=True):
            message = "a period is needed"
            raise ValueError(message)
        return self

    def sql(self, context: Context) -> ColumnElement[bool]:
        day = field_day(Friend.fields, self.name)
        limits = self._limits(context.today)
        inside = [day >= each.isoformat() for each, is_first in limits if is_first]
        inside += [day <= each.isoformat() for each, is_first in limits if not is_first]
        return func.coalesce(and_(day.is_not(None), true(), *inside), False)

    def _limits(self, today: date) -> list[tuple[date, bool]]:
        """Return the days that bound the period, each with whether it is a first one."""
        limits: list[tuple[date | None, bool]] = [(self.from_date, True), (self.to_date, False)]
        if self.within_days is not None:
            limits += [(today - timedelta(days=self.within_days - 1), True), (today, False)]
        if self.before_days is not None:
            limits.append((today - timedelta(days=self.before_days), False))
        if self.coming_days is not None:
            limits += [(today, True), (today + timedelta(days=self.coming_days), False)]
        return [(day, is_first) for day, is_first in limits if day is not None]

    def edges(self, span: Span) -> list[Edge]:
        # No index reaches into the fields: once a day, whoever has such a day in this one is looked at.
        relative = (self.within_days, self.before_days, self.coming_days)
        if span.same_day or relative == (None, None, None):
            return []
        return [select(Friend.id).where(field_day(Friend.fields, self.name).is_not(None))]

    def words(self, known: Known) -> Said:
        parts = [said.ago(self.within_days, self.before_days)]
        if self.from_date:
            parts.append(Said(f"{said.day(self.from_date).ja}以降", f"from {said.day(self.from_date).en}"))
        if self.to_date:
            parts.append(Said(f"{said.day(self.to_date).ja}まで", f"until {said.day(self.to_date).en}"))
        if self.coming_days is not None:
            parts.append(
                Said(f"これから{self.coming_days}日以内", f"within the next {said.days(self.coming_days).en}")
            )
        told = [part for part in parts if part != said.NOTHING]
        return Said(
            f"項目「{self.name}」が{'かつ'.join(part.ja for part in told)}",
            f"field {self.name} is {' and '.join(part.en for part in told)}",
        )
