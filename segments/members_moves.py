"""Writes who entered and who left watched segments, tells the news, and has tags follow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from segments import rule_tags, segment_moves
from segments.members_sound import Kept
from segments.models import CustomerEvent, EventKind, Segment, SegmentMember


@dataclass(frozen=True)
class Moves:
    """Who entered and who left one segment, by friend id in order."""

    kept: Kept
    entered: Sequence[int]
    left: Sequence[int]


def write(session: Session, moves: Sequence[Moves], now: datetime) -> int:
    """Write entries and exits with their news, and what they mean for tags; return how many."""
    tags = rule_tags.led_by(session, [one.kept.segment.id for one in moves]) if moves else {}
    rows: list[dict[str, Any]] = []
    for one in moves:
        segment_id = one.kept.segment.id
        rows += [{"segment_id": segment_id, "friend_id": each, "since": now} for each in one.entered]
        if one.left:
            gone = SegmentMember.segment_id == segment_id, SegmentMember.friend_id.in_(one.left)
            session.execute(delete(SegmentMember).where(*gone).execution_options(synchronize_session=False))
    if rows:
        session.execute(insert(SegmentMember), rows)
    tell(session, moves, now)
    for one in moves:
        if (tag := tags.get(one.kept.segment.id)) is not None:
            rule_tags.follow(session, tag, one.entered, one.left, now, announce=True)
    return sum(len(one.entered) + len(one.left) for one in moves)


def tell(session: Session, moves: Iterable[Moves], now: datetime) -> None:
    """Raise SEGMENT_ENTERED and SEGMENT_LEFT, and count them for the day."""
    moves = list(moves)
    for one in moves:
        if one.entered or one.left:
            day = now.astimezone(one.kept.zone).date()
            segment_moves.tally(session, one.kept.segment.id, day, len(one.entered), len(one.left))
    rows = [
        {"kind": kind, "friend_id": friend_id, "at": now, "payload": _payload(one.kept.segment)}
        for one in moves
        for kind, who in ((EventKind.SEGMENT_LEFT, one.left), (EventKind.SEGMENT_ENTERED, one.entered))
        for friend_id in who
    ]
    if rows:
        session.execute(insert(CustomerEvent), rows)


def _payload(segment: Segment) -> dict[str, Any]:
    return {"segment_id": segment.id, "name": segment.name}
