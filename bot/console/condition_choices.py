"""What the shop has to choose from in conditions: tags, products, lists, friends; some at a time, by what is typed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.actors import actor_name
from bot.console.condition_fields import Source
from bot.console.condition_labels import PARTS
from bot.console.page import current_zone
from bot.formats import day, number
from bot.i18n import current_language
from scheduler.models import Broadcast
from segments.coupons import READY
from segments.ladder_words import RUNG_NAMES
from segments.leaves.friends import LANGUAGES
from segments.leaves.node import BIGGEST_ID
from segments.models import (
    Audience,
    Coupon,
    Friend,
    Link,
    Product,
    Segment,
    SurveyAnswer,
    Tag,
)

MOST = 200
"""Suggestions at a time; what is typed brings others."""
LOOKED_AT = 500
"""Friends, newest first, whose own fields are looked through for their names."""
_Rows = Sequence[tuple[Any, ...]]


@dataclass(frozen=True)
class Option:
    """Something that can be chosen."""

    value: str
    label: str


@dataclass(frozen=True)
class Offer:
    """What is suggested, and whether that is all there is."""

    options: tuple[Option, ...] = ()
    is_whole: bool = True


def offer(session: Session, source: Source, words: str = "", about: str = "") -> Offer:
    """Return what can be chosen from a source, with `words` only what has them in it.

    `about` is the question whose answers are meant, or the ladder whose rungs are.
    """
    if source in _FIXED:
        return Offer(tuple(_FIXED[source](about)))
    if source is Source.FIELD:
        return Offer(tuple(Option(each, each) for each in _field_names(session) if words in each), False)
    rows = session.execute(_selected(source, words, about).limit(MOST + 1)).all()
    return Offer(tuple(_option(source, row) for row in rows[:MOST]), len(rows) <= MOST and not words)


def labels(session: Session, source: Source, values: Iterable[str]) -> Mapping[str, str]:
    """Return what people call what was chosen already; nothing of what is gone."""
    wanted = {each.split(maxsplit=1)[0] if source is Source.FRIEND and each else each for each in values}
    if source in _FIXED:
        actors = {
            each: actor_name(session, each) for each in wanted if source is Source.SETTER and ":" in each
        }
        return actors | _fixed_labels(source, wanted)
    keyed = _KEYED.get(source)
    if keyed is None or not wanted:
        return {}
    if source is not Source.PRODUCT and source is not Source.COUPON:
        wanted = {int(each) for each in wanted if each.isdecimal() and int(each) <= BIGGEST_ID}
    rows = session.execute(_selected(source, "", "").where(keyed.in_(list(wanted)[:1000])))
    found = {option.value: option.label for option in (_option(source, row) for row in rows)}
    return _ready() | found if source is Source.COUPON else found


_KEYED: Mapping[Source, InstrumentedAttribute[Any]] = {
    Source.PRODUCT: Product.code,
    Source.COUPON: Coupon.key,
    Source.AUDIENCE: Audience.id,
    Source.SEGMENT: Segment.id,
    Source.FRIEND: Friend.id,
}
"""Sources whose things are called otherwise than they are stored."""


def _selected(source: Source, words: str, about: str) -> Select[*tuple[Any, ...]]:
    match source:
        case Source.TAG:
            return _named(Tag.name, words)
        case Source.LINK:
            return _named(Link.name, words)
        case Source.CATEGORY:
            return _named(Product.category, words).where(Product.category != "").distinct()
        case Source.ROUTE:
            return _named(Friend.route, words).where(Friend.route.is_not(None)).distinct()
        case Source.QUESTION:
            return _named(SurveyAnswer.question, words).distinct()
        case Source.ANSWER:
            return _named(SurveyAnswer.answer, words).where(SurveyAnswer.question == about).distinct()
        case Source.PRODUCT:
            found = select(Product.code, Product.name).order_by(Product.name, Product.code)
            return found.where(_has(words, Product.name, Product.code))
        case Source.COUPON:
            return select(Coupon.key, Coupon.title).order_by(Coupon.title).where(_has(words, Coupon.title))
        case Source.SEGMENT:
            return select(Segment.id, Segment.name).order_by(Segment.name).where(_has(words, Segment.name))
        case Source.AUDIENCE:
            sent = select(func.min(Broadcast.name)).where(Broadcast.audience_id == Audience.id)
            columns = (Audience.id, Audience.created_at, Audience.size, Audience.condition)
            return select(*columns, sent.scalar_subquery()).order_by(Audience.id.desc())
        case _:
            friends = select(Friend.id, Friend.display_name, Friend.member_number).order_by(Friend.id.desc())
            return friends.where(_friend_has(words)) if words else friends


def _named(column: Any, words: str) -> Select[*tuple[Any, ...]]:
    return select(column).where(_has(words, column)).order_by(column)


def _has(words: str, *columns: Any) -> ColumnElement[bool]:
    return or_(*(column.icontains(words, autoescape=True) for column in columns))


def _friend_has(words: str) -> ColumnElement[bool]:
    number_typed = words.split(maxsplit=1)[0] if words.split() else ""
    is_id = number_typed.isdecimal() and int(number_typed) <= BIGGEST_ID
    own = (Friend.id == int(number_typed),) if is_id else ()
    return or_(_has(words, Friend.display_name, Friend.kana), Friend.member_number == words, *own)


def _option(source: Source, row: Any) -> Option:
    match source, tuple(row):
        case Source.AUDIENCE, (id_, at, size, condition, name):
            title = name or condition.get("list") or _("リスト%(number)s", number=id_)
            when = day(at.astimezone(current_zone()).date(), current_language())
            return Option(
                str(id_), _("%(name)s、%(when)s、%(size)s人", name=title, when=when, size=number(size))
            )
        case Source.FRIEND, (id_, name, member_number):
            label = name or _("名前のない友だち")
            return Option(
                str(id_),
                f"{label}" + (_("（会員番号 %(number)s）", number=member_number) if member_number else ""),
            )
        case _, (key, label):
            return Option(str(key), label or str(key))
        case _, (name,):
            return Option(name, name)
        case _:
            raise AssertionError(source)


def _field_names(session: Session) -> list[str]:
    newest = select(Friend.fields).order_by(Friend.id.desc()).limit(LOOKED_AT)
    return sorted({name for fields in session.scalars(newest) for name in fields})[:MOST]


def _ready() -> dict[str, str]:
    return {
        key: terms.title if current_language() == "ja" else terms.title_en for key, terms in READY.items()
    }


def _languages(_about: str) -> list[Option]:
    return [Option(key, words.of(current_language())) for key, words in LANGUAGES.items()]


def _setters(_about: str) -> list[Option]:
    return [Option(each, _(PARTS[each])) for each in ("rule", "operator", "import", "step", "api", "tap")]


def _rungs(about: str) -> list[Option]:
    names = RUNG_NAMES.get(about, {})
    return [Option(rung, words[current_language() != "ja"]) for rung, words in names.items()]


def _fixed_labels(source: Source, wanted: set[str]) -> dict[str, str]:
    ladders = RUNG_NAMES if source is Source.RUNG else ("",)
    offered = (option for about in ladders for option in _FIXED[source](about))
    return {option.value: option.label for option in offered if option.value in wanted}


_FIXED: Mapping[Source, Callable[[str], list[Option]]] = {
    Source.LANGUAGE: _languages,
    Source.SETTER: _setters,
    Source.RUNG: _rungs,
}
