"""`kokyaku savings`."""

from datetime import timedelta

from click.testing import CliRunner, Result

from bot.cli.context import Program
from bot.cli.errors import words_of
from bot.cli.savings import commands
from bot.services import Services
from scheduler import bundling, savings
from scheduler.models import Step, Way
from scheduler.plan_settings import choose_plan
from segments.errors import Invalid, NotFound
from tests.builders import a_scenario


def run(services: Services, *words: str) -> Result:
    program = Program(services.settings)
    program.__dict__.update(services=services, database=services.database)
    return CliRunner().invoke(commands, words, obj=program)


def test_what_was_saved_is_told_by_month_in_yen_of_the_plan(services: Services) -> None:
    now = services.clock.now()
    assert "節約した通数はまだありません" in run(services).output
    with services.database.begin() as session:
        choose_plan(session, "standard", now)
        savings.note(session, Way.BUNDLE, 1200, now)
        savings.note(session, Way.REPLY, 34, now)
        choose_plan(session, "light", now)
        savings.note(session, Way.BUNDLE, 10, now)
    # 1,234 at ¥3 on the one plan, 10 at ¥5,000 / 5,000 on the other.
    assert run(services).output.splitlines()[0] == (
        "2026-11  まとめ配信 1,210通  無料の応答 34通  約3,712円（税別）"
    )


def test_the_window_is_set_and_kept_within_reason(services: Services) -> None:
    assert run(services, "window", "45").exit_code == 0
    with services.database.reading() as session:
        assert bundling.policy(session).window == timedelta(minutes=45)
    refused = run(services, "window", "100000").exception
    assert isinstance(refused, Invalid)
    assert words_of(refused, "ja") == "まとめて送るために待つ時間は360分までにしてください。"


def test_a_step_is_let_ride_and_taken_off_again(services: Services) -> None:
    with services.database.begin() as session:
        step_id = a_scenario(session).steps[0].id
    assert run(services, "ride", str(step_id), "--hours", "24").exit_code == 0
    with services.database.reading() as session:
        assert session.get_one(Step, step_id).rides_for == timedelta(hours=24)
    assert run(services, "ride", str(step_id), "--off").exit_code == 0
    with services.database.reading() as session:
        assert session.get_one(Step, step_id).rides_for is None
    assert isinstance(run(services, "ride", str(step_id), "--hours", "9999").exception, Invalid)
    assert isinstance(run(services, "ride", "987654", "--off").exception, NotFound)
    assert run(services, "ride", str(step_id)).exit_code == 2
