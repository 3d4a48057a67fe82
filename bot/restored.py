"""Notices on PostgreSQL that the database is a copy put back by its own tools, and stops all sending before anything leaves.

PostgreSQL gives every database and every table a number that no dump carries. Those numbers, and the server's own, stand
among the settings; where they are others than at the last start, the tables were made anew from a dump.
"""

from datetime import datetime

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from scheduler import kill_switch
from segments.db import Database
from segments.models import Setting

log = structlog.get_logger(__name__)

SETTING = "database_identity"
ACTOR = "restore"
_NUMBERS = text(
    "SELECT oid::text, 'settings'::regclass::oid::text, 'alembic_version'::regclass::oid::text"
    " FROM pg_database WHERE datname = current_database()"
)
_MAY_ASK = text("SELECT has_function_privilege('pg_control_system()', 'execute')")
_SERVER = text("SELECT system_identifier::text FROM pg_control_system()")


def stop_if_restored(database: Database, now: datetime) -> bool:
    """Stop all sending when the database was restored since a program last started on it; return whether it was.

    SQLite's copies are put back by `bot.backups`, which stops by itself. A copy of the server's files (a snapshot, a
    base backup) keeps all numbers and is not noticed.
    """
    if database.is_sqlite:
        return False
    with database.begin() as session:
        known, present = session.get(Setting, SETTING), identity(session)
        restored = known is not None and known.value["is"] != present
        if restored and not kill_switch.is_stopped(session):
            kill_switch.stop_everything(session, ACTOR, now)
        if restored or known is None:
            session.merge(Setting(name=SETTING, value={"is": present}, updated_at=now))
    if restored:
        log.warning("database_restored")
    return restored


def identity(session: Session) -> str:
    """Return the numbers by which these very tables are known, none of which a dump carries."""
    # Some hosts let nobody ask for the server's number; the others nearly always differ as well.
    server = session.scalar(_SERVER) if session.scalar(_MAY_ASK) else ""
    return "/".join([server or "", *session.execute(_NUMBERS).one()])
