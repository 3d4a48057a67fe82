"""Thresholds in the console: tried first, applied knowingly, put back from the history."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot import policy_trials
from bot.jobs import jobs_of
from bot.models import PolicyTrial
from bot.policy_words import THRESHOLDS
from scheduler.jobs import Job
from segments import policies, rfm
from segments.db import Database
from segments.policies import LADDER_KINDS
from tests.bot.browsing import Visitor
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.queue import FakeQueue

PAGE = "/console/settings/policies/"
STAGES = {
    "regular_purchases": "3",
    "regular_window_days": "365",
    "regular_spend_yen": "",
    "lapse_days_without_cycle": "180",
}


def bought(visitor: Visitor, days: float) -> None:
    """Add a friend who bought once at full price so many days ago and stands where the rules in force put them."""
    with visitor.services.database.begin() as session:
        at = days_ago(days)
        a_friend(
            session,
            facts={
                "stage": "existing",
                "stage_reason": "full_price",
                "customer_class": "new",
                "class_reason": "bought_once_or_more",
                "growth": "purchaser",
                "growth_reason": "bought_first",
                "purchase_status": "active",
                "purchase_count": 1,
                "full_price_count": 1,
                "first_purchase_at": at,
                "last_purchase_at": at,
                "spend_yen": 1000,
            },
        )


def tried(visitor: Visitor, **changes: str) -> str:
    answer = visitor.submit(f"{PAGE}stages", STAGES | changes)
    assert answer.status_code == 302, answer.text
    return answer.location


def lapse_days(visitor: Visitor) -> int:
    with visitor.services.database.reading() as session:
        return policies.stage_policy(session).lapse_days_without_cycle


def test_a_dry_run_says_who_would_move_where_and_changes_nothing(visitor: Visitor) -> None:
    visitor.log_in()
    bought(visitor, days=100)
    page = visitor.get(tried(visitor, lapse_days_without_cycle="90")).text
    assert "1人が移動します" in page
    row = re.search(r"<td>既存</td><td>離脱</td><td class=\"number\">1</td>", page)
    assert row, page
    assert "180 → <strong>90</strong>" in page
    assert lapse_days(visitor) == 180


def test_what_was_tried_is_applied_and_can_be_put_back(visitor: Visitor) -> None:
    visitor.log_in()
    trial = tried(visitor, lapse_days_without_cycle="90")
    assert visitor.post(f"{trial}/apply").location == f"{PAGE}stages/history"
    assert lapse_days(visitor) == 90
    visitor.post(f"{tried(visitor, lapse_days_without_cycle='60')}/apply")
    history = visitor.get(f"{PAGE}stages/history").text
    assert "周期がわからない人が離脱となる日数: 90 → 60" in history
    first = re.search(r'href="([^"]+version=\d+)"', history)
    assert first
    page = visitor.get(first[1].replace("&amp;", "&")).text
    assert 'name="lapse_days_without_cycle" value="90"' in page


def test_a_trial_that_somebody_overtook_is_not_applied(visitor: Visitor) -> None:
    visitor.log_in()
    late = tried(visitor, lapse_days_without_cycle="90")
    visitor.post(f"{tried(visitor, lapse_days_without_cycle='60')}/apply")
    assert "もう一度試してください" in visitor.get(late).text
    answer = visitor.post(f"{late}/apply")
    assert "ほかの人が基準を変えました" in visitor.get(answer.location).text
    assert lapse_days(visitor) == 60


@pytest.mark.parametrize(
    ("page", "field", "value", "words"),
    [
        ("stages", "regular_purchases", "0", "1から999,999,999までの数字"),
        ("stages", "regular_window_days", "365.5", "1から36,500までの数字"),
        ("stages", "lapse_days_without_cycle", "ひゃく", "1から36,500までの数字"),
        ("growth", "subscription_grace", "0.5", "1から10までの数字"),
        ("classes", "loyal_days", "-1", "0から36,500までの数字"),
        ("rfm", "recency_days", "90", "左から小さい順に4つ"),
        ("rfm", "purchase_counts", "", "2以上の整数"),
    ],
)
def test_a_number_that_cannot_be_is_told_beside_its_field(
    visitor: Visitor, page: str, field: str, value: str, words: str
) -> None:
    visitor.log_in()
    form = next(each for each in visitor.forms(PAGE + page) if each.action == PAGE + page)
    typed: dict[str, Any] = {name: values[0] for name, values in form.fields.items()}
    name = f"{field}_0" if page == "rfm" else field
    answer = visitor.submit(PAGE + page, typed | {name: value})
    assert answer.status_code == 422
    place = answer.text.index(f'id="{field}-error"')
    assert words in answer.text[place : place + 300]


def test_digits_are_read_as_they_are_typed_in_japan(visitor: Visitor) -> None:
    visitor.log_in()
    page = visitor.get(tried(visitor, regular_spend_yen="５０，０００")).text
    assert "– → <strong>50,000</strong>" in page


def test_what_holds_already_is_no_trial(visitor: Visitor) -> None:
    visitor.log_in()
    answer = visitor.submit(f"{PAGE}stages", STAGES)
    assert answer.status_code == 422
    assert "いまの基準と同じです" in answer.text


def test_cuts_of_scores_are_tried_and_applied(visitor: Visitor) -> None:
    visitor.log_in()
    bought(visitor, days=40)
    form = next(each for each in visitor.forms(f"{PAGE}rfm") if each.action == f"{PAGE}rfm")
    typed: dict[str, Any] = {name: values[0] for name, values in form.fields.items()}
    trial = visitor.submit(f"{PAGE}rfm", typed | {"recency_days_0": "50"}).location
    page = visitor.get(trial).text
    assert "<td>4点</td><td>5点</td>" in page
    visitor.post(f"{trial}/apply")
    with visitor.services.database.reading() as session:
        assert rfm.load(session).recency_days == (50, 90, 180, 365)


def test_a_long_trial_runs_as_a_job_and_tells_how_far_it_is(visitor: Visitor, clock: FakeClock) -> None:
    visitor.log_in()
    bought(visitor, days=100)
    queue = visitor.services.queue
    assert isinstance(queue, FakeQueue)
    with visitor.services.database.begin() as session:
        trial_id = policy_trials.begin(
            session, queue, "stages", STAGES_OF | {"lapse_days_without_cycle": 90}, "operator:1", clock.now()
        )[0]
        queue.enqueue(session, Job.TRY_POLICY, "later", trial_id)
    page = f"{PAGE}stages/trials/{trial_id}"
    assert "試算しています" in visitor.get(page).text
    assert visitor.get(f"{page}/progress").get_json() == {"done": 0, "total": 1, "ended": False}
    queue.run({Job.TRY_POLICY: jobs_of(visitor.services, None)[Job.TRY_POLICY]})  # pyright: ignore[reportArgumentType] — no other job is run
    assert visitor.get(f"{page}/progress").get_json() == {"done": 1, "total": 1, "ended": True}
    assert "1人が移動します" in visitor.get(page).text


STAGES_OF: dict[str, Any] = LADDER_KINDS["stages"]().to_json()


def test_a_cancelled_trial_stops_and_is_never_applied(visitor: Visitor, clock: FakeClock) -> None:
    visitor.log_in()
    with visitor.services.database.begin() as session:
        trial_id, _now = policy_trials.begin(
            session, visitor.services.queue, "stages", STAGES_OF, "operator:1", clock.now()
        )
    visitor.post(f"{PAGE}stages/trials/{trial_id}/cancel")
    policy_trials.run(visitor.services.database, clock, trial_id)
    assert "この試算は中止しました" in visitor.get(f"{PAGE}stages/trials/{trial_id}").text
    visitor.post(f"{PAGE}stages/trials/{trial_id}/apply")
    with visitor.services.database.reading() as session:
        assert not policies.versions(session, "stages")


def test_old_trials_are_forgotten_and_running_one_twice_does_no_harm(
    database: Database, clock: FakeClock
) -> None:
    queue = FakeQueue()
    with database.begin() as session:
        old, _at_once = policy_trials.begin(session, queue, "classes", {}, "cli", A_SATURDAY)
    policy_trials.run(database, clock, old)
    policy_trials.run(database, clock, old)
    with database.reading() as session:
        found = policy_trials.one(session, "classes", old)
        assert found.result == {"moved": 0, "buyers": 0, "moves": []}
    with database.begin() as session:
        new, _at_once = policy_trials.begin(
            session, queue, "rfm", rfm.RfmPolicy().to_json(), "cli", A_SATURDAY + timedelta(days=8)
        )
    policy_trials.run(database, clock, new)
    with database.reading() as session:
        assert session.scalars(select(PolicyTrial.name)).all() == ["rfm"]
        assert policy_trials.one(session, "rfm", new).result is not None


def test_every_threshold_of_every_ladder_has_words(visitor: Visitor) -> None:
    for name, kind in LADDER_KINDS.items():
        assert list(kind().to_json()) == list(THRESHOLDS[name])
    assert list(rfm.RfmPolicy().to_json()) == list(THRESHOLDS["rfm"])
