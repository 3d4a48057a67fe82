"""Where each picture is used: found in what messages, products and unfinished forms say, and never written down."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, exists, func, or_, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.expression import SQLColumnExpression

from bot import picture_addresses
from bot.models import FormDraft, Operator
from scheduler.message_uses import OPEN_BROADCASTS
from scheduler.models import Broadcast, Message, MessageVersion, Step
from segments.models import Product


class Place(StrEnum):
    """What uses a picture."""

    MESSAGE = "message"
    PRODUCT = "product"
    FORM = "form"
    """Something that somebody is writing and has not saved."""


@dataclass(frozen=True)
class Use:
    """One place that uses a picture."""

    place: Place
    id: int
    name: str
    is_now: bool = True
    """Whether it is still said: not so in an older version, or in a message that was put away."""


def of(session: Session, tokens: Collection[str] | None = None) -> dict[str, list[Use]]:
    """Return the uses of pictures by their tokens, those of today first; of all pictures when none is named."""
    found: dict[str, dict[Use, None]] = {}
    for text, use in (*_messages(session), *_products(session), *_forms(session)):
        for token in picture_addresses.tokens_in(text):
            if tokens is None or token in tokens:
                found.setdefault(token, {})[use] = None
    return {token: _told_once(uses) for token, uses in found.items()}


def _told_once(uses: Collection[Use]) -> list[Use]:
    """Leave out older versions of a message that says the picture today."""
    now = {(use.place, use.id) for use in uses if use.is_now}
    return sorted(
        (use for use in uses if use.is_now or (use.place, use.id) not in now), key=lambda use: not use.is_now
    )


def _messages(session: Session) -> Iterator[tuple[str, Use]]:
    content = cast(MessageVersion.content, Text)
    query = select(content, Message.id, Message.name, _is_said_now()).join(
        Message, Message.id == MessageVersion.message_id
    )
    for text, message_id, name, is_now in session.execute(query.where(_names_pictures(content))):
        yield text, Use(Place.MESSAGE, message_id, name, bool(is_now))


def _is_said_now() -> ColumnElement[bool]:
    """Tell whether a version may still go out: a message's newest, or one that a broadcast is about to send."""
    other = aliased(MessageVersion)
    newest = select(func.max(other.version)).where(other.message_id == Message.id).scalar_subquery()
    in_step = exists().where(Step.message_id == Message.id, Step.removed_at.is_(None))
    to_be_sent = exists().where(
        Broadcast.message_version_id == MessageVersion.id,
        Broadcast.state.in_(OPEN_BROADCASTS),
        Broadcast.removed_at.is_(None),
    )
    kept = or_(Message.archived_at.is_(None), in_step)
    return or_(and_(MessageVersion.version == newest, kept), to_be_sent)


def _products(session: Session) -> Iterator[tuple[str, Use]]:
    query = select(Product.image_url, Product.id, Product.name)
    for address, product_id, name in session.execute(query.where(_names_pictures(Product.image_url))):
        yield address or "", Use(Place.PRODUCT, product_id, name)


def _forms(session: Session) -> Iterator[tuple[str, Use]]:
    fields = cast(FormDraft.fields, Text)
    query = select(fields, Operator.id, Operator.name).join(Operator, Operator.id == FormDraft.operator_id)
    for text, operator_id, name in session.execute(query.where(_names_pictures(fields))):
        yield text, Use(Place.FORM, operator_id, name)


def _names_pictures(text: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    return text.contains(picture_addresses.STORED, autoescape=True)
