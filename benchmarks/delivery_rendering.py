"""What rendering costs: CPU a friend, by the functions with which the engine prepares a chunk of personal messages."""

from time import process_time
from typing import Any, NamedTuple

from sqlalchemy import select

from scheduler import messages
from scheduler.template_facts import personal_facts
from segments.clock import SystemClock
from segments.db import Database
from segments.models import Friend

CHUNK = 500
ROUNDS = 20


class Rendering(NamedTuple):
    """Microseconds of CPU a friend, templates compiled before."""

    render_us: float
    """Of the message for facts that are known."""
    facts_us: float
    """Of looking those facts up, a chunk at a time."""


def rendering(database: Database, content: dict[str, Any]) -> Rendering:
    """Render the message for the same friends, at most a chunk of them, again and again."""
    writer = messages.writer_of(content)
    names = {name.split(".")[0] for name in messages.named_facts(content)}
    now = SystemClock().now()
    with database.begin() as session:
        ids = list(session.scalars(select(Friend.id).order_by(Friend.id).limit(CHUNK)))
        facts = personal_facts(session, ids, now, wanted=names)
        began = process_time()
        for _ in range(ROUNDS):
            personal_facts(session, ids, now, wanted=names)
        looked_up = process_time()

    def write() -> None:
        for known in facts.values():
            writer.write(messages.spoken(known["language"], writer.languages), known)

    write()
    warm = process_time()
    for _ in range(ROUNDS):
        write()
    done = process_time()
    friends = ROUNDS * len(ids)
    return Rendering(1e6 * (done - warm) / friends, 1e6 * (looked_up - began) / friends)
