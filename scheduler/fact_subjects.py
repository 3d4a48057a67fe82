"""For whom a message is rendered, what started it, and which facts it names."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduler.messages import named_facts
from scheduler.models import Delivery, DeliveryKind, Enrolment, MessageVersion
from scheduler.vocabulary import FACTS
from scheduler.waiting import Waiting

Subjects = Sequence[int] | Sequence[Delivery] | Sequence[Waiting]


class Subject(NamedTuple):
    """One rendering: what it is found by, whom it is for, what started it."""

    key: int
    friend_id: int
    cause: Mapping[str, Any]
    delivery_id: int | None = None
    is_counted: bool = True
    """Whether taps on its links are a friend's; those of a test are the operator's own."""


def subjects_of(session: Session, given: Subjects) -> list[Subject]:
    """Return a rendering for each friend id or delivery."""
    causes = _causes(session, given)
    return [
        Subject(each, each, {})
        if isinstance(each, int)
        else Subject(
            each.id,
            each.friend_id,
            causes.get(each.enrolment_id or 0, {}),
            each.id,
            is_counted=each.kind is not DeliveryKind.TEST,
        )
        for each in given
    ]


def _causes(session: Session, given: Subjects) -> dict[int, dict[str, Any]]:
    ids = {each.enrolment_id for each in given if not isinstance(each, int) and each.enrolment_id is not None}
    if not ids:
        return {}
    rows = session.execute(select(Enrolment.id, Enrolment.context).where(Enrolment.id.in_(ids)))
    return dict(rows.all())


def facts_named(session: Session, subjects: Subjects) -> frozenset[str]:
    """Return the facts that the messages of deliveries name, without their parts; all for friend ids."""
    versions = {each.message_version_id for each in subjects if not isinstance(each, int)}
    if not versions or any(isinstance(each, int) for each in subjects):
        return frozenset(FACTS)
    contents = session.scalars(select(MessageVersion.content).where(MessageVersion.id.in_(versions)))
    return frozenset(fact.split(".")[0] for content in contents for fact in named_facts(content))
