"""Empties a PostgreSQL database that a test is done with, as long as nothing but rows was changed in it."""

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL

ALONE_MS = 5000
"""How long others on the database have to leave."""
_LEAVE = text(
    "SELECT pg_terminate_backend(pid, :patience) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)
# Everything that is no row: each thing made, dropped or changed since gets another number or another word.
_SHAPE = text(
    """
    SELECT md5(concat_ws(';',
      (SELECT string_agg(concat_ws(' ', oid, relname, relpersistence, reloptions), ',' ORDER BY oid)
         FROM pg_class WHERE oid >= 16384),
      (SELECT string_agg(concat_ws(' ', attrelid, attname, atttypid, attnotnull, attoptions, attstattarget), ','
         ORDER BY attrelid, attnum) FROM pg_attribute WHERE attrelid >= 16384),
      (SELECT string_agg(concat_ws(' ', indexrelid, indisvalid), ',' ORDER BY indexrelid)
         FROM pg_index WHERE indexrelid >= 16384),
      (SELECT string_agg(concat_ws(' ', oid, convalidated), ',' ORDER BY oid)
         FROM pg_constraint WHERE oid >= 16384),
      (SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_attrdef),
      (SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_namespace),
      (SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_proc WHERE oid >= 16384),
      (SELECT string_agg(concat_ws(' ', oid, tgenabled), ',' ORDER BY oid) FROM pg_trigger),
      (SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_statistic_ext)
    ))
    """
)
# Whoever counted the rows makes the planner choose otherwise: the next test is to find a database that nobody looked at.
_IS_KNOWN = text("SELECT EXISTS (SELECT FROM pg_statistic WHERE starelid >= 16384)")
_FORGET = text("SELECT pg_clear_relation_stats('public', :name)")
_FILLED = text(
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    " AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0"
)
_COUNT_ANEW = text(
    "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"
    " WHERE pg_sequence_last_value(seqrelid) IS NOT NULL"
)


def shape(connection: Connection) -> str:
    """Return what tells apart databases in which more than rows differs; a copy has its template's."""
    return connection.scalar(_SHAPE) or ""


def is_emptied(url: URL, template_shape: str) -> bool:
    """Empty a database that nobody needs any more; False when it is no longer as its template was."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(_LEAVE, {"patience": ALONE_MS})
            if connection.scalar(_IS_KNOWN) or shape(connection) != template_shape:
                return False
            _empty(connection)
            return not _filled(connection)
    finally:
        engine.dispose()


def _filled(connection: Connection) -> list[str]:
    return list(connection.scalars(_FILLED))


def _empty(connection: Connection) -> None:
    filled = _filled(connection)
    if filled:
        # Without the checks of foreign keys: all that could point here goes as well. Emptied tables shrink to nothing.
        connection.execute(text("SET session_replication_role = replica"))
        for table in filled:
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 — a name from the catalogue
        connection.execute(text(f"VACUUM (INDEX_CLEANUP ON, TRUNCATE) {', '.join(filled)}"))
        connection.execute(_FORGET, [{"name": table} for table in filled])
    connection.execute(_COUNT_ANEW)
