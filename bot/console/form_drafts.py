"""Forms that save themselves: what an operator has typed so far is there again after a crash or a log-out."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.models import FormDraft

FIELDS_LIMIT = 200_000
"""Characters of one form; nothing longer is kept."""
NEVER_KEPT = frozenset({"csrf_token", "do", "save", "place"})


def keep(
    session: Session,
    operator_id: int,
    place: str,
    fields: Mapping[str, str | Sequence[str]],
    now: datetime,
    base: str = "",
) -> bool:
    """Keep what was typed into a form; tell whether it was not too much. A field may have several values."""
    kept = {name: value for name, value in fields.items() if name not in NEVER_KEPT}
    if sum(len(name) + sum(map(len, value)) for name, value in kept.items()) > FIELDS_LIMIT:
        return False
    draft = FormDraft(operator_id=operator_id, place=place, fields=kept, base=base, saved_at=now)
    session.merge(draft)
    return True


def find(session: Session, operator_id: int, place: str) -> FormDraft | None:
    """Return what is kept of a form."""
    return session.get(FormDraft, (operator_id, place))


def drop(session: Session, operator_id: int, place: str) -> None:
    """Forget what was kept: it is saved now, or was thrown away."""
    session.execute(delete(FormDraft).where(FormDraft.operator_id == operator_id, FormDraft.place == place))
