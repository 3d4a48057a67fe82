"""What a new shop starts with: ready messages, scenarios and segments, each editable and never put back."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from scheduler import library
from segments.models import Segment, Setting
from segments.upsert import insert_ignore

SEGMENTS = (
    ("すべての友だち", {"is": "everyone"}),
    ("見込み客（無料プレゼントを受け取った方）", {"is": "stage", "stages": ["prospect"]}),
    ("既存のお客様", {"is": "stage", "stages": ["existing"]}),
    ("常連のお客様", {"is": "stage", "stages": ["regular"]}),
)


def install(session: Session, now: datetime) -> None:
    """Put in what is missing; what an operator changed stays changed."""
    library.install(session, now)
    marker: dict[str, Any] = {"name": "ready_segments", "value": {}, "updated_at": now}
    if insert_ignore(session, Setting, [marker]) == 0:
        return
    insert_ignore(
        session,
        Segment,
        [
            {"name": name, "condition": condition, "created_at": now, "updated_at": now}
            for name, condition in SEGMENTS
        ],
    )
