"""How PostgreSQL is used: what its planner is told about the disk."""

from typing import Any

from sqlalchemy import Engine, event

PAGE_COST = 1.1
"""What a page somewhere costs, in pages read in a row: near 1 in memory and on solid-state disks, which have no arm to move."""

_DEFAULT = "4"
"""PostgreSQL's own, for turning disks: with it, 500 rows by their keys look dearer than a whole table of 50,000."""

_TELL = "SELECT set_config('random_page_cost', %s, false) WHERE current_setting('random_page_cost') = %s"


def prepare(engine: Engine) -> None:
    """Have every connection of an engine on PostgreSQL plan for a disk of today, unless the server was told otherwise."""
    event.listen(engine, "connect", _set_up)


def _set_up(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TELL, (str(PAGE_COST), _DEFAULT))
    # Without this, the setting would go with the first transaction that is rolled back.
    connection.commit()
