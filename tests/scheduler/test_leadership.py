"""Who rings the bell: one at a time, and another when the first is gone."""

from scheduler.leadership import SessionLock, is_free
from segments.db import Database


def test_one_process_leads_until_it_lets_go(database: Database) -> None:
    if database.is_sqlite:
        assert SessionLock(database, "leader").hold()
        assert not is_free(database, "leader")
        return
    first, second = SessionLock(database, "leader"), SessionLock(database, "leader")
    assert first.hold()
    assert first.hold()
    assert not second.hold()
    assert not is_free(database, "leader")
    first.release()
    assert is_free(database, "leader")
    assert second.hold()
    second.release()
