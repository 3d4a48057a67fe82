"""Writes what the ladders say of friends into their facts, with every move and its news."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from segments import events, ladder_moves
from segments.facts_locking import Locked
from segments.ladder_facts import (
    FACTS,
    NO_DATES,
    CycleDates,
    LadderColumns,
    LadderFacts,
    columns_of,
    micros,
    moment,
)
from segments.ladder_policies import LadderPolicies
from segments.ladder_rules import Ladder
from segments.ladders import LADDERS, Judged, judge
from segments.models import EventKind, Facts, StageChange
from segments.stages import PYRAMID

KEPT = tuple(name for name in FACTS if hasattr(Facts, name))
"""The facts that are kept under the names that the ladders know them by."""


def look_at(
    session: Session,
    locked: Locked,
    policies: LadderPolicies,
    now: datetime,
    *,
    dates: CycleDates = NO_DATES,
    announce: bool = True,
) -> None:
    """Judge a friend anew on every ladder; see `look_at_many`."""
    look_at_many(session, [locked], policies, now, dates={locked.facts.friend_id: dates}, announce=announce)


def look_at_many(
    session: Session,
    locked: Sequence[Locked],
    policies: LadderPolicies,
    now: datetime,
    *,
    dates: Mapping[int, CycleDates],
    announce: bool = True,
) -> None:
    """Judge friends anew; every move is recorded, and told as news unless `announce` is off.

    `dates` are those of the cycle over all purchases, by friend; who is not there has no cycle.
    """
    seen = [seen_of(one.facts, one.followed, dates.get(one.facts.friend_id, NO_DATES)) for one in locked]
    columns = columns_of(seen)
    judged = judge(columns, policies, micros(now))
    friends = [one.facts for one in locked]
    _record(session, friends, judged, columns, policies, now, announce=announce)
    _keep(friends, judged, now)


def reason_params(facts: Facts, policies: LadderPolicies, ladder: Ladder = PYRAMID) -> dict[str, Any]:
    """Return what the words of a friend's present reason speak of; it follows from the facts and is not stored."""
    reason = getattr(facts, ladder.reason_column) if ladder.reason_column else ""
    rule = ladder.rule_for(reason)
    return rule.params(seen_of(facts, followed=True), policies) if rule else {}


def seen_of(facts: Facts, followed: bool, dates: CycleDates = NO_DATES) -> LadderFacts:
    """Return what the ladders look at in a row of facts."""
    return LadderFacts(
        followed=followed,
        reaction_count=facts.message_count + facts.tap_count,
        **{name: getattr(facts, name) for name in KEPT},
        **dates._asdict(),
    )


def _record(
    session: Session,
    friends: Sequence[Facts],
    judged: Judged,
    columns: LadderColumns,
    policies: LadderPolicies,
    now: datetime,
    *,
    announce: bool,
) -> None:
    before = {name: [getattr(one, ladder.rung_column) for one in friends] for name, ladder in LADDERS.items()}
    moves = list(ladder_moves.moves(before, judged, columns, policies))
    if moves:
        rows = [move.history(friends[move.at].friend_id, now) for move in moves]
        session.execute(insert(StageChange), rows)
    if not announce:
        return
    reasons = [one.stage_reason for one in friends]
    for index, params in ladder_moves.offers_ended(reasons, judged, columns, policies):
        events.append(session, EventKind.TRIAL_OFFER_ENDED, friends[index].friend_id, now, **params)
    for move in moves:
        if move.is_news:
            events.append(session, EventKind.STAGE_CHANGED, friends[move.at].friend_id, now, **move.news())


def _keep(friends: Sequence[Facts], judged: Judged, now: datetime) -> None:
    for name, ladder in LADDERS.items():
        for facts, rung, reason in zip(friends, judged.rungs(name), judged.reasons(name), strict=True):
            if getattr(facts, ladder.rung_column) != rung:
                setattr(facts, ladder.rung_column, rung)
                setattr(facts, ladder.since_column, now)
            if ladder.reason_column:
                setattr(facts, ladder.reason_column, reason)
    reviews, suppressed = judged.review_at.tolist(), judged.suppressed.tolist()
    for facts, review_at, is_suppressed in zip(friends, reviews, suppressed, strict=True):
        facts.review_at = moment(review_at)
        facts.suppressed_at = (facts.suppressed_at or now) if is_suppressed else None
