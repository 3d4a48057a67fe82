"""Answers "why did, or didn't, this friend get this?" from decisions and deliveries, and for who was never meant, from the condition."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from scheduler import broadcast_lookup, decision_words
from scheduler.decision_fates import decided, fate
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Decision,
    Delivery,
    Enrolment,
    EnrolmentState,
    Scenario,
    Step,
)
from segments import condition_explain, conditions, shop
from segments.errors import NotFound
from segments.leaves.said import Said
from segments.models import Audience, AudienceMember, Friend

_UNPLANNED = (BroadcastState.DRAFT, BroadcastState.SCHEDULED, BroadcastState.AWAITING_APPROVAL)


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


def of_friend(session: Session, friend_id: int, limit: int = 50) -> Sequence[Told]:
    """Return what was decided of a friend lately, the newest first. Raises NotFound("friend_unknown")."""
    if session.get(Friend, friend_id) is None:
        raise NotFound("friend_unknown", friend_id=friend_id)
    zone = shop.load(session).zone
    rows = session.execute(
        select(Decision, Broadcast.name, Scenario.name, Scenario.name_en, Step.name)
        .outerjoin(Broadcast, Broadcast.id == Decision.broadcast_id)
        .outerjoin(Step, Step.id == Decision.step_id)
        .outerjoin(Scenario, Scenario.id == Step.scenario_id)
        .where(Decision.friend_id == friend_id)
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


def why_broadcast(session: Session, friend_id: int, broadcast_id: int, now: datetime) -> list[Said]:
    """Say why a friend got a broadcast or not, the oldest first.

    Raises NotFound (broadcast_unknown, friend_unknown), or Invalid for a condition that names what is gone.
    """
    broadcast = broadcast_lookup.get(session, broadcast_id)
    zone = shop.load(session).zone
    mine = Delivery.broadcast_id == broadcast_id, Delivery.friend_id == friend_id
    delivery = session.scalars(select(Delivery).where(*mine)).first()
    if delivery is None:
        return _never_meant(session, friend_id, broadcast, now)
    about = Decision.friend_id == friend_id, Decision.broadcast_id == broadcast_id
    return [*decided(session, zone, *about), fate(session, delivery, zone)]


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
        return _never_entered(session, friend_id, scenario, now)
    return [words for each in entered for words in _way_through(session, each, zone)]


def _way_through(session: Session, enrolment: Enrolment, zone: tzinfo) -> list[Said]:
    when = decision_words.clock(enrolment.entered_at, zone)
    told = [Said(f"{when.ja}にシナリオに入りました。", f"Entered the scenario on {when.en}.")]
    told += decided(session, zone, Decision.enrolment_id == enrolment.id)
    sent = select(Delivery, Step.name).outerjoin(Step, Step.id == Delivery.step_id)
    for delivery, step in session.execute(
        sent.where(Delivery.enrolment_id == enrolment.id).order_by(Delivery.id)
    ):
        became = fate(session, delivery, zone)
        told.append(Said(f"「{step or '—'}」：{became.ja}", f"{step or '—'}: {became.en}"))
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


def _never_meant(session: Session, friend_id: int, broadcast: Broadcast, now: datetime) -> list[Said]:
    """Say why there is no delivery: it has not begun, is still being planned, or the friend was not meant."""
    told: list[Said] = []
    if broadcast.state in _UNPLANNED:
        told.append(Said("この配信はまだ始まっていません。", "This broadcast has not begun."))
    elif _is_member(session, broadcast, friend_id):
        told.append(Said("配信の準備の順番を待っています。", "It has not come to this friend yet."))
        return told
    elif (frozen := _frozen_at(session, broadcast)) is not None:
        at = decision_words.clock(frozen, shop.load(session).zone)
        told.append(
            Said(
                f"{at.ja}に配信対象を決めたとき、この友だちは入っていませんでした。",
                f"Not among the friends it was for when that was settled, on {at.en}.",
            )
        )
    if broadcast.condition is None:
        told.append(Said("一覧で指定された友だちだけへの配信です。", "It is only for the friends on a list."))
        return told
    tree = conditions.parse(broadcast.condition)
    explained = condition_explain.explain(session, tree, friend_id, now)
    return [*told, _now(explained)]


def _now(explained: condition_explain.Explanation) -> Said:
    return Said(
        f"いまの条件では：{explained.verdict('ja')}", f"By the condition as of now: {explained.verdict('en')}"
    )


def _never_entered(session: Session, friend_id: int, scenario: Scenario, now: datetime) -> list[Said]:
    told = [
        Said(
            "きっかけとなる出来事がまだないか、条件に合わなかったため、シナリオに入っていません。",
            "Never entered: what starts it has not happened, or the condition did not hold then.",
        )
    ]
    if scenario.condition is None:
        if session.get(Friend, friend_id) is None:
            raise NotFound("friend_unknown", friend_id=friend_id)
        return told
    tree = conditions.parse(scenario.condition)
    return [*told, _now(condition_explain.explain(session, tree, friend_id, now))]


def _is_member(session: Session, broadcast: Broadcast, friend_id: int) -> bool:
    inside = (AudienceMember.audience_id == broadcast.audience_id, AudienceMember.friend_id == friend_id)
    return broadcast.audience_id is not None and bool(session.scalar(select(exists().where(*inside))))


def _frozen_at(session: Session, broadcast: Broadcast) -> datetime | None:
    return session.scalar(select(Audience.created_at).where(Audience.id == broadcast.audience_id))


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
