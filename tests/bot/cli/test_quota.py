"""`kokyaku quota` and the second person's word from the terminal."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from bot import operators
from bot.cli.broadcasts import broadcast
from bot.cli.quota import commands
from bot.models import AuditEntry, Role
from bot.services import Services
from bot.settings import Settings
from scheduler import broadcasts, drafts, meter, quota
from scheduler.drafts import Draft
from scheduler.gateway import Quota
from scheduler.models import Broadcast, BroadcastState
from scheduler.months import next_month
from scheduler.reasons import Reason
from segments import shop
from segments.db import Database
from segments.errors import KokyakuError
from segments.shop import Shop
from tests.bot.browsing import PASSWORD
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.scheduler.budget_shop import a_step


@dataclass(frozen=True)
class Program:
    """What a command is handed, with the services of the test."""

    services: Services

    @property
    def database(self) -> Database:
        return self.services.database

    @property
    def settings(self) -> Settings:
        return self.services.settings

    def words(self, japanese: str, english: str) -> str:
        return english if self.settings.language == "en" else japanese


def run(services: Services, *words: str) -> Result:
    return CliRunner().invoke(commands, words, obj=Program(services))  # type: ignore[arg-type]


def said(services: Services, *words: str) -> str:
    answer = run(services, *words)
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_the_month_its_forecast_and_the_plans_are_printed(services: Services) -> None:
    with services.database.begin() as session:
        quota.choose_plan(session, "light", A_SATURDAY)
        meter.claim(session, 150, A_SATURDAY, sales=False)
    assert "今月の通数: 150 / 5,000" in said(services, "show")
    assert "月末の見込み: 150" in said(services, "forecast")
    listed = said(services, "plans")
    assert "* light" in listed
    assert "「コミュニケーションプラン」が最も安く、5,000円の節約" in listed


def test_what_waits_for_money_is_told_where_plans_are_weighed(services: Services) -> None:
    with services.database.begin() as session:
        quota.choose_plan(session, "light", A_SATURDAY)
        quota.note_use(session, Quota(5_000, 5_000), A_SATURDAY)
        for _ in range(3):
            a_step(session, A_SATURDAY, reason=Reason.PLAN_FULL)
    told = said(services, "forecast")
    assert "月末の見込み: 5,000" in told
    assert "予算やプランの変更待ち: 3" in told
    assert "上限まで3通足りない" in told
    assert "待っている3通も今月送る場合" in told
    assert "最も安く" not in said(services, "plans")


def test_a_budget_is_set_and_taken_away(services: Services) -> None:
    assert said(services, "budget") == "上限なし\n"
    assert said(services, "budget", "20000") == "20,000円\n"
    assert said(services, "budget") == "20,000円\n"
    assert said(services, "budget", "--none") == "上限なし\n"
    assert run(services, "budget", "5", "--none").exit_code == 2
    assert run(services, "budget", "-5").exit_code == 2


def test_a_plan_is_added_and_forgotten(services: Services) -> None:
    given = ("--name", "自店", "--monthly", "9000", "--included", "8000", "--extra", "1000:3, 2")
    said(services, "plan-set", "own", *given)
    assert "1000:3, 2" in said(services, "plans")
    said(services, "plan-remove", "own")
    assert "自店" not in said(services, "plans")
    assert isinstance(run(services, "plan-remove", "own").exception, KokyakuError)
    assert isinstance(run(services, "plan-set", "OWN!", *given).exception, KokyakuError)


def test_lines_count_is_asked_for_and_compared(services: Services) -> None:
    assert "2026-11-21          0          0  +0" in said(services, "reconcile")


def test_lines_count_is_not_compared_in_a_months_first_hour(services: Services, clock: FakeClock) -> None:
    clock.set(next_month(A_SATURDAY) + timedelta(minutes=20))
    assert "照合していません" in said(services, "reconcile")


@pytest.mark.parametrize(
    ("login", "password", "approves"),
    [
        ("taro", PASSWORD, True),
        ("taro", "wrong", False),
        ("hanako", PASSWORD, False),
        ("mieko", PASSWORD, False),
    ],
)
def test_only_another_operators_password_approves_from_the_terminal(
    services: Services, login: str, password: str, approves: bool
) -> None:
    with services.database.begin() as session:
        for name, role in (("hanako", Role.OWNER), ("taro", Role.OPERATOR), ("mieko", Role.VIEWER)):
            operators.create(session, name, name, role, PASSWORD, A_SATURDAY)
        author = operators.by_login(session, "hanako")
        assert author is not None
        a_friend(session)
        shop.save(session, Shop(approval_above=0), A_SATURDAY)
        draft = Draft("秋", {"ja": [{"type": "text", "text": "あ"}]}, condition={"is": "everyone"})
        by = f"operator:{author.id}"
        number = drafts.create(session, draft, now=A_SATURDAY, by=by).id
        broadcasts.schedule(session, services.queue, number, None, A_SATURDAY, by)
    words = ("approve", str(number), "--operator", login, "--password", password)
    answer = CliRunner().invoke(broadcast, words, obj=Program(services))  # type: ignore[arg-type]
    with services.database.reading() as session:
        state = session.get_one(Broadcast, number).state
        noted = set(session.scalars(select(AuditEntry.action)))
    assert (answer.exit_code == 0) is approves
    assert (state is BroadcastState.PLANNING) is approves
    assert ("broadcast_approved" in noted) is approves
