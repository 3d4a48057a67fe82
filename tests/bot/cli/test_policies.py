"""`kokyaku policy`."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from bot.cli import policy_trials
from bot.cli.context import Program
from bot.cli.errors import words_of
from bot.cli.policies import policy
from bot.models import AuditEntry
from bot.services import Services
from segments import facts, policies, review, rfm
from segments.errors import Invalid
from segments.ladder_policies import GrowthPolicy, StagePolicy
from segments.models import Facts
from tests.builders import a_friend, a_purchase, days_ago


def run(services: Services, *words: str) -> Result:
    program = Program(services.settings)
    program.__dict__.update(services=services, database=services.database)
    return CliRunner().invoke(policy, words, obj=program)


def a_regular(services: Services) -> int:
    """Add a friend who bought three times lately; return their id."""
    now = services.clock.now()
    with services.database.begin() as session:
        friend = a_friend(session)
        for days in (40, 20, 5):
            a_purchase(session, friend, bought_at=days_ago(days, now))
        facts.learn_purchases(session, friend.id, now)
    return friend.id


def stage(services: Services, friend_id: int) -> str:
    """Return where a friend stands on the pyramid."""
    with services.database.reading() as session:
        return session.get_one(Facts, friend_id).stage


def test_a_threshold_that_is_changed_moves_the_friends_concerned(services: Services) -> None:
    friend_id = a_regular(services)
    assert stage(services, friend_id) == "regular"
    assert run(services, "set", "stages", "regular_purchases=4").exit_code == 0
    assert json.loads(run(services, "show", "stages").output)["regular_purchases"] == 4
    with services.database.begin() as session:
        assert review.review_due(session, services.clock.now()) == 1
    assert stage(services, friend_id) == "existing"
    with services.database.reading() as session:
        (note,) = session.scalars(select(AuditEntry)).all()
    assert (note.actor, note.action, note.subject) == ("command line", "policy_changed", "stages")
    assert note.details == {"changes": ["regular_purchases=4"]}


def test_trying_tells_who_would_move_and_changes_nothing(services: Services) -> None:
    friend_id = a_regular(services)
    told = run(services, "try", "stages", "regular_purchases=5", "regular_spend_yen=1,000,000").output
    assert "1人が移動します（購入のある1人のうち）" in told
    (row,) = (line for line in told.splitlines() if "常連" in line)
    assert row.index("顧客ステージ") < row.index("常連") < row.index("既存") < row.index("1")
    assert run(services, "try", "stages", "regular_purchases=3").output.startswith("0人が移動します")
    assert stage(services, friend_id) == "regular"
    assert json.loads(run(services, "show").output)["stages"] == StagePolicy().to_json()


def test_every_policy_is_shown(services: Services) -> None:
    shown = json.loads(run(services, "show").output)
    assert {"stages", "growth", "classes", "cycle", "rfm"} <= set(shown)
    assert (shown["growth"]["reaction_days"], shown["classes"]["loyal_days"]) == (90, 730)


def test_a_number_with_a_fraction_and_none_can_be_given(services: Services) -> None:
    assert run(services, "set", "growth", "subscription_grace=2.5", "member_days=0").exit_code == 0
    assert run(services, "set", "stages", "regular_spend_yen=30,000").exit_code == 0
    assert run(services, "set", "stages", "regular_spend_yen=none").exit_code == 0
    shown = json.loads(run(services, "show").output)
    assert (shown["growth"]["subscription_grace"], shown["growth"]["member_days"]) == (2.5, 0)
    assert shown["stages"]["regular_spend_yen"] is None


def test_the_history_tells_when_by_whom_and_what(services: Services) -> None:
    assert "変更されたことはありません" in run(services, "history", "classes").output
    run(services, "set", "stages", "regular_purchases=4")
    with services.database.begin() as session:
        changed = StagePolicy(regular_purchases=4, regular_spend_yen=9000)
        policies.save_ladder_policy(session, changed, "operator:3", services.clock.now())
    newest, oldest = (line for line in run(services, "history", "stages").output.splitlines() if "→" in line)
    assert "operator:3" in newest
    assert "regular_spend_yen: none → 9000" in newest
    assert "cli" in oldest
    assert "regular_purchases: 3 → 4" in oldest


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("regular_purchases=many", "regular_purchases"),
        ("regular_purchases=0", "1–999999999"),
        ("regular_purchases=2.5", "1–999999999"),
        ("regular_purchases=none", "1–999999999"),
        ("regular_window_days=nan", "1–36500"),
        ("colour=3", "One of: regular_purchases"),
        ("regular_purchases", "regular_purchases"),
    ],
)
@pytest.mark.parametrize("command", ["set", "try"])
def test_a_threshold_that_cannot_be_is_refused_with_what_can_be(
    services: Services, command: str, change: str, told: str
) -> None:
    answer = run(services, command, "stages", change)
    assert isinstance(answer.exception, Invalid)
    assert answer.exception.code == "policy_invalid"
    assert told in words_of(answer.exception, "en")
    assert words_of(answer.exception, "ja") != words_of(answer.exception, "en")


def test_an_unknown_policy_is_refused_with_those_there_are(services: Services) -> None:
    answer = run(services, "set", "weather", "rain=3")
    assert answer.exit_code == 2
    assert "growth" in answer.output


def test_cuts_of_scores_are_tried_by_score_set_and_kept_as_versions(services: Services) -> None:
    a_regular(services)
    told = run(
        services, "try", "rfm", "purchase_counts=2,4,6、10", "recency_days=3,90,180,365", "loyal_purchases=4"
    )
    assert told.exit_code == 0
    assert "1人が移動します（購入のある1人のうち）" in told.output
    rows = [" ".join(line.split()) for line in told.output.splitlines()]
    assert "│ 最終購入日の点 │ 5 │ 4 │ 1 │" in rows
    assert "│ 購入回数の点 │ 3 │ 2 │ 1 │" in rows
    assert "│ 購買頻度 │ ロイヤルカスタマー │ カジュアルバイヤー │ 1 │" in rows
    assert json.loads(run(services, "show", "rfm").output)["loyal_purchases"] == 3
    assert run(services, "set", "rfm", "purchase_counts=2,4,6,10").exit_code == 0
    assert json.loads(run(services, "show", "rfm").output)["purchase_counts"] == [2, 4, 6, 10]
    history = run(services, "history", "rfm").output
    assert "purchase_counts: 2,3,5,10 →" in history
    assert "2,4,6,10" in history
    assert "recency_days" not in history
    with services.database.reading() as session:
        assert rfm.load(session).purchase_counts == (2, 4, 6, 10)


@pytest.mark.parametrize(
    "change",
    [
        "recency_days=30",
        "recency_days=30,20,60,90",
        "recency_days=a,b,c,d",
        "loyal_purchases=0",
        "cuts=1",
        "spend_yen",
    ],
)
def test_cuts_that_cannot_be_change_nothing(services: Services, change: str) -> None:
    for command in ("try", "set"):
        refused = run(services, command, "rfm", change)
        assert isinstance(refused.exception, Invalid)
        assert refused.exception.params == {"field": change.partition("=")[0]}
    with services.database.reading() as session:
        assert policies.versions(session, "rfm") == []


def test_a_trial_that_takes_long_says_so_beforehand(
    services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    a_regular(services)
    program = Program(services.settings)
    program.__dict__.update(services=services, database=services.database)

    def said(policy: GrowthPolicy, worth_telling: timedelta) -> str:
        with services.database.reading() as session:
            policy_trials.tell(program, session, policy, worth_telling=worth_telling)
        return capsys.readouterr().err

    warned = said(GrowthPolicy(settling_purchases=1), timedelta())
    assert "購入3件を読み直します（1分ほど）。Ctrl+C で中止できます。" in warned
    assert "読み直します" not in said(GrowthPolicy(settling_purchases=1), timedelta(seconds=10))
    assert "読み直します" not in said(GrowthPolicy(reactions=1), timedelta())
