"""The copy that a rehearsal lives on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.rehearsal.copying import LEFT_OUT, PREFIX, a_copy
from segments.db import Database
from segments.errors import Conflict
from tests.bot.rehearsal.shops import a_broadcast, a_tea_shop, everything


def test_a_copy_holds_what_the_database_holds_and_goes_with_its_block(
    database: Database, tmp_path: Path
) -> None:
    with database.begin() as session:
        a_tea_shop(session)
        a_broadcast(session, in_days=1)
    data = tmp_path / "data"

    with a_copy(database, data) as copy:
        assert copy.is_sqlite
        found, original = everything(copy), everything(database)
        assert {name: found[name] for name in found if name not in LEFT_OUT} == {
            name: original[name] for name in original if name not in LEFT_OUT
        }
        with copy.begin() as session:
            a_broadcast(session, in_days=2)
        [folder] = data.iterdir()
        assert folder.stat().st_mode & 0o077 == 0

    assert everything(database) == original
    assert list(data.iterdir()) == []


def test_a_disk_without_room_is_refused_before_anything_is_copied(sqlite: Database, tmp_path: Path) -> None:
    data = tmp_path / "data"

    with pytest.raises(Conflict, match="rehearsal_no_room"), a_copy(sqlite, data, free=lambda _folder: 1000):
        pass

    assert list(data.iterdir()) == []


def test_what_a_killed_rehearsal_left_is_removed_by_the_next_and_a_living_one_is_not(
    sqlite: Database, tmp_path: Path
) -> None:
    url = sqlite.url.render_as_string(hide_password=False)
    program = (
        "import os, sys; from pathlib import Path; from bot.rehearsal.copying import a_copy; "
        "from segments.db import Database\n"
        f"with a_copy(Database({url!r}), Path({str(tmp_path / 'data')!r})):\n"
        "    print('copied', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "copied"
        [theirs] = (tmp_path / "data").glob(f"{PREFIX}*")

        with a_copy(sqlite, tmp_path / "data"):
            assert theirs.exists()
        os.kill(other.pid, signal.SIGKILL)
        other.wait(timeout=10)
        assert theirs.exists()

        with a_copy(sqlite, tmp_path / "data"):
            assert not theirs.exists()
