"""Answers "why did, or didn't, this friend get this?" from decisions and deliveries, and for who was never meant, from the condition."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from scheduler import broadcast_lookup, decision_words, never
from scheduler.decision_fates import course
from scheduler.models import Broadcast, Decision, Delivery, Enrolment, EnrolmentState, Scenario, Step
from segments import shop
from segments.errors import NotFound
from segments.leaves.said import Said
from segments.models import Friend


@dataclass(frozen=True)
class Told:
    """One decision on one message to a friend."""

    at: datetime
    about: Said
    """The broadcast, or the scenario and its step."""
    words: Said
    rule: str
    until: datetime | None
    """Held until then; None = refused."""
    broadcast_id: int | None
    step_id: int | None


def of_friend(
    session: Session,
    friend_id: int,
    limit: int = 50,
    *,
    but_broadcast: int | None = None,
    but_scenario: int | None = None,
) -> Sequence[Told]:
    """Return what was decided of a friend lately, the newest first; of one broadcast or scenario not, if so asked.

    Raises NotFound("friend_unknown").
    """
    if session.get(Friend, friend_id) is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    zone = shop.load(session).zone
    rows = session.execute(
        select(Decision, Broadcast.name, Scenario.name, Scenario.name_en, Step.name)
        .outerjoin(Broadcast, Broadcast.id == Decision.broadcast_id)
        .outerjoin(Step, Step.id == Decision.step_id)
        .outerjoin(Scenario, Scenario.id == Step.scenario_id)
        .where(Decision.friend_id == friend_id, *_apart_from(friend_id, but_broadcast, but_scenario))
        .order_by(Decision.at.desc(), Decision.rule)
        .limit(limit)
    )
    return [
        Told(
            at=decision.at,
            about=_about(broadcast, (scenario, english), step),
            words=decision_words.said(decision, zone),
            rule=decision.rule,
            until=decision.until,
            broadcast_id=decision.broadcast_id or None,
            step_id=decision.step_id or None,
        )
        for decision, broadcast, scenario, english, step in rows
    ]


def _apart_from(
    friend_id: int, broadcast_id: int | None, scenario_id: int | None
) -> list[ColumnElement[bool]]:
    apart: list[ColumnElement[bool]] = []
    if broadcast_id is not None:
        apart.append(Decision.broadcast_id != broadcast_id)
    if scenario_id is not None:
        mine = (Enrolment.friend_id == friend_id, Enrolment.scenario_id == scenario_id)
        apart.append(Decision.enrolment_id.not_in(select(Enrolment.id).where(*mine)))
    return apart


def why_broadcast(session: Session, friend_id: int, broadcast_id: int, now: datetime) -> list[Said]:
    """Say why a friend got a broadcast or not, the oldest first.

    Raises NotFound (broadcast_unknown, friend_unknown), or Invalid for a condition that names what is gone.
    """
    broadcast = broadcast_lookup.get(session, broadcast_id)
    zone = shop.load(session).zone
    mine = Delivery.broadcast_id == broadcast_id, Delivery.friend_id == friend_id
    deliveries = session.scalars(select(Delivery).where(*mine).order_by(Delivery.id).limit(1)).all()
    about = Decision.friend_id == friend_id, Decision.broadcast_id == broadcast_id
    on_the_way, became = course(session, deliveries, zone, *about)
    return [*on_the_way, *(became or never.meant(session, friend_id, broadcast, now))]


def why_scenario(session: Session, friend_id: int, key: str, now: datetime) -> list[Said]:
    """Say how it went with a friend and a scenario, given by its key or number: each time they entered, step by step.

    Raises NotFound (scenario_unknown, friend_unknown).
    """
    scenario = _scenario(session, key)
    zone = shop.load(session).zone
    entered = session.scalars(
        select(Enrolment)
        .where(Enrolment.scenario_id == scenario.id, Enrolment.friend_id == friend_id)
        .order_by(Enrolment.entered_at)
    ).all()
    if not entered:
        return never.entered(session, friend_id, scenario, now)
    return [words for each in entered for words in _way_through(session, each, zone)]


def _way_through(session: Session, enrolment: Enrolment, zone: tzinfo) -> list[Said]:
    when = decision_words.clock(enrolment.entered_at, zone)
    told = [Said(f"{when.ja}にシナリオに入りました。", f"Entered the scenario on {when.en}.")]
    sent = select(Delivery, Step.name).outerjoin(Step, Step.id == Delivery.step_id)
    sent = sent.where(Delivery.enrolment_id == enrolment.id).order_by(Delivery.id)
    rows = session.execute(sent).all()
    deliveries = [delivery for delivery, _step in rows]
    on_the_way, became = course(session, deliveries, zone, Decision.enrolment_id == enrolment.id)
    told += on_the_way
    for (_delivery, step), what in zip(rows, became, strict=True):
        told.append(Said(f"「{step or '—'}」：{what.ja}", f"{step or '—'}: {what.en}"))
    if enrolment.state is EnrolmentState.ACTIVE:
        if enrolment.next_at is not None:
            at = decision_words.clock(enrolment.next_at, zone)
            told.append(
                Said(f"次のステップは{at.ja}に確認します。", f"The next step is looked at on {at.en}.")
            )
        return told
    reason = decision_words.reason_said(enrolment.end_reason or enrolment.state.value)
    ended = decision_words.clock(enrolment.ended_at or enrolment.entered_at, zone)
    return [*told, Said(f"{ended.ja}に終了：{reason.ja}。", f"Ended on {ended.en}: {reason.en}.")]


def _scenario(session: Session, key: str) -> Scenario:
    found = session.scalars(select(Scenario).where(Scenario.key == key)).first()
    if found is None and key.isdecimal() and len(key) < 19:
        found = session.get(Scenario, int(key))
    if found is None:
        raise NotFound("scenario_unknown", scenario_id=key)
    return found


def _about(broadcast: str | None, scenario: tuple[str | None, str | None], step: str | None) -> Said:
    if broadcast:
        return Said(broadcast, broadcast)
    japanese, english = scenario
    if japanese is None:
        return Said("個別のメッセージ", "a message of its own")
    tail = f" – {step}" if step else ""
    return Said(f"{japanese}{tail}", f"{english or japanese}{tail}")
