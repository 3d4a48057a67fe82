"""`kokyaku why`, `trust`, `contact` and the sending policies of `kokyaku policy`."""

import json

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from bot.cli.broadcasts import broadcast
from bot.cli.contact import contact
from bot.cli.context import Program
from bot.cli.errors import words_of
from bot.cli.policies import policy
from bot.cli.trust import trust_group
from bot.cli.why import why
from bot.models import AuditEntry
from bot.services import Services
from scheduler import library, triggers
from scheduler.models import Broadcast, Decision, Scenario
from segments import contacts
from segments.errors import Invalid, NotFound
from tests.builders import a_friend


def run(services: Services, command: click.Command, *words: str) -> Result:
    program = Program(services.settings)
    program.__dict__.update(services=services, database=services.database)
    return CliRunner().invoke(command, words, obj=program)


@pytest.fixture
def friend_id(services: Services) -> int:
    with services.database.begin() as session:
        return a_friend(session, facts={"stage": "existing"}).id


def test_the_trust_account_is_shown_mended_and_apologised_for(services: Services, friend_id: int) -> None:
    number = str(friend_id)
    assert "残高 10点" in run(services, trust_group, "show", number).output
    assert "残高 7点" in run(services, trust_group, "adjust", number, "-3", "--why", "遅配").output
    assert run(services, trust_group, "apologise", number, "--why", "商品の破損").exit_code == 0
    shown = run(services, trust_group, "show", number).output
    assert "残高 -13点" in shown
    assert "回復します" in shown
    assert "-20\tご意見・苦情" in shown
    assert "cli 遅配" in shown
    with services.database.reading() as session:
        assert sorted(session.scalars(select(AuditEntry.action))) == ["apology_begun", "trust_adjusted"]


def test_only_an_apology_that_will_leave_is_told_as_on_its_way(services: Services, friend_id: int) -> None:
    now = services.clock.now()

    def apologise(friend: int, why: str) -> str:
        return run(services, trust_group, "apologise", str(friend), "--why", why).output

    assert "削除されているため、お詫びは送りません" in apologise(friend_id, "遅配")
    with services.database.begin() as session:
        library.install(session, now)
        blocked = a_friend(session, blocked_at=now).id
    assert "お詫びのシナリオを始めます。" in apologise(friend_id, "破損")
    again = apologise(friend_id, "破損")
    assert "新しくは記録しませんでした" in again
    assert "お詫びのシナリオを始めます" not in again
    assert "お詫びは送れません（理由：ブロックされています）" in apologise(blocked, "破損")
    with services.database.begin() as session:
        triggers.read_events(session, now)
    assert "あらためてのお詫びは送りません" in apologise(friend_id, "別の件")
    with services.database.begin() as session:
        session.execute(update(Scenario).values(active=False))
    assert "停止中のため" in apologise(friend_id, "さらに別の件")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("adjust", "1", "x", "--why", "y"), "trust_points_invalid"),
        (("adjust", "1", "5", "--why", " "), "trust_why_invalid"),
        (("apologise", "1", "--why", " "), "apology_why_missing"),
        (("show", "999999"), "friend_unknown"),
    ],
)
def test_what_cannot_be_is_refused_in_words(services: Services, words: tuple[str, ...], code: str) -> None:
    answer = run(services, trust_group, *words)
    assert isinstance(answer.exception, Invalid | NotFound)
    assert answer.exception.code == code
    assert words_of(answer.exception, "ja") != words_of(answer.exception, "en")


def test_the_contact_plan_is_tried_changed_and_counted(services: Services, friend_id: int) -> None:
    with services.database.begin() as session:
        contacts.contacted(session, [friend_id], services.clock.now(), cared=[friend_id])
    tried = run(services, policy, "try", "contact", "existing.week=1", "existing.floor=2").output
    assert "0 → 1" in tried
    assert run(services, contact, "below").output.strip() == "下限に届かない友だちはいません。"
    assert run(services, policy, "set", "contact", "existing.floor=2", "month=9").exit_code == 0
    shown = json.loads(run(services, policy, "show", "contact").output)
    assert (shown["default"]["month"], shown["stages"]["existing"]["floor"]) == (9, 2)
    assert run(services, contact, "below").output.startswith(f"{friend_id}\t")
    assert "4・12" in run(services, contact, "status").output
    assert "existing" in run(services, policy, "history", "contact").output
    refused = run(services, policy, "set", "contact", "vip.week=1")
    assert isinstance(refused.exception, Invalid)


def test_trust_and_control_are_policies_too(services: Services, friend_id: int) -> None:
    assert "これまでの記録は変わりません" in run(services, policy, "try", "trust", "sale=3").output
    assert run(services, policy, "set", "trust", "sale=3").exit_code == 0
    assert json.loads(run(services, policy, "show", "trust").output)["sale"] == 3
    assert "0人" in run(services, policy, "try", "control", "percent=0").output
    assert isinstance(run(services, policy, "set", "control", "percent=51").exception, Invalid)


def test_a_draft_may_hold_out_a_control_group(services: Services, friend_id: int) -> None:
    made = run(
        services,
        broadcast,
        *(
            "create",
            "--name",
            "秋",
            "--condition",
            '{"is": "everyone"}',
            "--text",
            "こんにちは",
            "--holdout",
            "10",
        ),
    )
    assert made.exit_code == 0
    with services.database.reading() as session:
        assert session.scalars(select(Broadcast.holdout_percent)).all() == [10]


def test_why_tells_what_was_held_back(services: Services, friend_id: int) -> None:
    number = str(friend_id)
    assert "記録はありません" in run(services, why, number).output
    with services.database.begin() as session:
        now = services.clock.now()
        sent = Broadcast(name="秋", created_at=now, condition={"is": "everyone"})
        session.add(sent)
        session.flush()
        row = {"friend_id": friend_id, "broadcast_id": sent.id, "enrolment_id": 0, "step_id": 0}
        session.add(Decision(**row, rule="contact_ceiling", at=now, figures="4 4 7"))
        sent_id = sent.id
    assert "7日間に4通（上限4通）（見送り）" in run(services, why, number).output
    told = run(services, why, number, "--broadcast", str(sent_id)).output
    assert "まだ始まっていません" in told
    assert "対象です" in told
    assert run(services, why, number, "--broadcast", "1", "--scenario", "x").exit_code == 1
    assert isinstance(run(services, why, number, "--scenario", "x").exception, NotFound)
