"""`kokyaku segments rebuild`."""

import pytest
from click.testing import CliRunner, Result

from bot.cli.context import Program
from bot.cli.segments import segments
from bot.services import Services
from segments import bulk_rebuild
from segments.models import Facts
from tests.builders import a_friend, a_purchase, days_ago


def run(services: Services, *words: str) -> Result:
    program = Program(services.settings)
    program.__dict__.update(services=services, database=services.database)
    return CliRunner().invoke(segments, words, obj=program)


class CutOff(Exception):
    """The rebuild is killed."""


def cut_off(_done: int, _total: int) -> None:
    raise CutOff


def test_a_rebuild_derives_what_was_recorded_and_says_of_how_many(services: Services) -> None:
    now = services.clock.now()
    with services.database.begin() as session:
        friend = a_friend(session)
        a_purchase(session, friend, bought_at=days_ago(3, now))
    told = run(services, "rebuild")
    assert told.exit_code == 0
    assert "友だち1人の再計算が終わりました。" in told.output
    assert "中断" not in told.output
    with services.database.reading() as session:
        assert session.get_one(Facts, friend.id).stage == "existing"


def test_a_rebuild_that_was_cut_off_is_taken_up_and_says_so(services: Services) -> None:
    with services.database.begin() as session:
        a_friend(session)
    with pytest.raises(CutOff):
        bulk_rebuild.rebuild_all(services.database, services.clock.now(), cut_off)
    assert "中断した再計算の続きから始めます。" in run(services, "rebuild").output
    assert "中断" not in run(services, "rebuild").output
