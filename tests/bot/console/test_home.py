"""Home: the pyramid with this month's moves, what goes out, what is wrong, what to do next."""

import re
from datetime import timedelta

import pytest

from bot.console import connection_views
from bot.line.check import Finding
from bot.models import InboundEvent, LineCall, Role
from scheduler import kept_forecast, quota
from scheduler.models import Broadcast, BroadcastState, Enrolment, Heartbeat
from segments import day_counts
from segments.models import ImportRun, ImportState, Question, Setting, StageChange
from tests.bot.browsing import Visitor
from tests.builders import a_friend, a_product, a_scenario, days_ago
from tests.fakes.clock import A_SATURDAY as NOW


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    return visitor.log_in()


def test_the_pyramid_tells_who_came_up_and_who_left_this_month_and_leads_to_them(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        friend = a_friend(session, facts={"stage": "regular"})
        for came_from, went_to, days in (
            ("existing", "regular", 2),
            ("trial", "exit", 3),
            ("aware", "trial", 40),
        ):
            session.add(
                StageChange(
                    friend_id=friend.id, from_stage=came_from, to_stage=went_to, reason="x", at=days_ago(days)
                )
            )
    day_counts.refresh(owner.services.database, NOW)
    page = owner.get("/console/").text
    assert 'href="/console/friends/?stage=regular" aria-label="常連: 1人、今月上がった人 1人"' in page
    assert 'aria-label="トライアル: 0人、今月離れた人 1人"' in page
    assert 'aria-label="離脱: 0人、今月離れた人 1人"' in page
    assert "2026年11月21日（土） 14:30時点" in page


def test_what_goes_out_within_the_week_is_named(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        for name, days in (("週末のお知らせ", 1), ("来月のお知らせ", 9)):
            at = NOW + timedelta(days=days)
            session.add(Broadcast(name=name, state=BroadcastState.SCHEDULED, created_at=NOW, scheduled_at=at))
        scenario, stopped = a_scenario(session, name="お礼"), a_scenario(session, name="休み", active=False)
        for each in (scenario, stopped):
            for days in (0.1, 3, 9):
                at = NOW + timedelta(days=days)
                session.add(
                    Enrolment(
                        scenario_id=each.id, friend_id=a_friend(session).id, cause="x", entered_at=NOW,
                        next_step_id=each.steps[0].id, next_at=at, due_at=at,
                    )
                )  # fmt: skip
    page = owner.get("/console/").text
    assert "週末のお知らせ" in page
    assert "来月のお知らせ" not in page
    assert re.search(r'お礼</a></th><td class="number">1</td><td class="number">2</td>', page)
    assert "休み</a>" not in page


def test_everything_that_is_wrong_stands_at_the_top(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        session.add(Heartbeat(name="tick", kind="tick", at=NOW - timedelta(hours=2)))
        session.add(LineCall(at=NOW, endpoint="/v2/bot/message/push", status=401, milliseconds=9))
        session.add(
            Broadcast(name="秋", state=BroadcastState.PAUSED, state_reason="quota_exhausted", created_at=NOW)
        )
        session.add(
            ImportRun(kind="friends", file_name="名簿.csv", state=ImportState.FAILED, started_at=days_ago(1))
        )
        finding = Finding("webhook", False, "Webhookに届きません", "LINE does not reach the webhook")
        connection_views.keep_check(session, [finding], NOW)
        for number, days in enumerate((9, 9.5, 10)):
            session.add(
                InboundEvent(
                    webhook_event_id=f"e{number}", kind="message", occurred_at=days_ago(days),
                    received_at=days_ago(days), raw={}, next_attempt_at=NOW,
                )
            )  # fmt: skip
    page = owner.get("/console/").text
    for words in (
        "配信の仕組みが2時間前から動いていません",
        "LINEがアクセストークンを受け付けていません",
        "「秋」の配信が止まっています",
        "Webhookに届きません",
        "名簿.csv",
        "LINEからの通知が",
    ):
        assert words in page, words
    owner.post("/console/language", {"language": "en", "next": "/console/"})
    page = owner.get("/console/").text
    assert "Sending last ran 2 h ago" in page
    assert "LINE does not reach the webhook" in page


@pytest.mark.parametrize(
    ("days", "words", "looks"),
    [
        (12, None, ""),
        (9, "期限が近づいています（2026年11月30日（月） 14:30まで）", "alert-warning"),
        (2, "期限が近づいています", "alert-danger"),
        (-1, "期限が2026年11月20日（金） 14:30に切れました", "alert-danger"),
    ],
)
def test_the_end_of_the_access_token_is_told_in_time(
    owner: Visitor, days: int, words: str | None, looks: str
) -> None:
    with owner.services.database.begin() as session:
        ends = (NOW + timedelta(days=days)).isoformat()
        session.add(Setting(name="token_life", value={"mark": "x", "ends_at": ends}, updated_at=NOW))
    page = owner.get("/console/").text
    if words is None:
        assert "アクセストークン" not in page
    else:
        assert words in page
        assert looks in page


def test_a_token_that_line_refused_stays_refused_whatever_line_says_of_its_end(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        for endpoint, status in (("/v2/bot/message/push", 401), ("/v2/oauth/verify", 400)):
            session.add(LineCall(at=NOW, endpoint=endpoint, status=status, milliseconds=9))
    assert "LINEがアクセストークンを受け付けていません" in owner.get("/console/").text


def test_a_shop_where_nothing_is_wrong_sounds_no_alarm(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        session.add(Heartbeat(name="tick", kind="tick", at=NOW))
        for status in (401, 200):
            session.add(LineCall(at=NOW, endpoint="/v2/bot/info", status=status, milliseconds=9))
        for number, days in enumerate((4, 6, 9)):
            session.add(
                InboundEvent(
                    webhook_event_id=f"e{number}", kind="message", occurred_at=days_ago(days),
                    received_at=days_ago(days), raw={}, next_attempt_at=NOW,
                )
            )  # fmt: skip
    assert 'class="alert alert' not in owner.get("/console/").text


def test_the_yen_say_that_the_plans_monthly_fee_is_in_them(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        quota.choose_plan(session, "standard", NOW)
    page = owner.get("/console/").text
    assert "プランの月額15,000円を含む" in page
    assert "「スタンダードプラン」の月額15,000円を含む税別の金額です" in page
    with owner.services.database.begin() as session:
        quota.choose_plan(session, "communication", NOW)
    page = owner.get("/console/").text
    assert "「コミュニケーションプラン」に月額はかかりません" in page
    assert "プランの月額0円" not in page


def titles(page: str) -> list[str]:
    return re.findall(r'class="next-title">(.*?)</h3>', page)


def test_three_things_to_do_are_chosen_from_how_the_shop_stands(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        friend = a_friend(session)
        a_product(session)
        session.add_all([Question(friend_id=friend.id, asked_at=NOW) for _ in range(3)])
        session.add(Broadcast(name="書きかけ", created_at=NOW))
        for key in ("welcome", "thank_you", "cycle"):
            a_scenario(session, key=key, active=key != "thank_you")
    assert titles(owner.get("/console/").text) == [
        "質問3件に答える",
        "2回目の購入（F2）への案内を始める",
        "下書き「書きかけ」を仕上げる",
    ]


def test_a_viewer_is_not_asked_to_do_what_they_may_not(visitor: Visitor) -> None:
    with visitor.services.database.begin() as session:
        session.add(Question(friend_id=a_friend(session).id, asked_at=NOW))
    visitor.log_in(Role.VIEWER)
    assert titles(visitor.get("/console/").text) == []


def test_the_forecast_is_the_one_kept_a_moment_ago_and_made_anew_when_nobody_keeps_it(
    owner: Visitor,
) -> None:
    database = owner.services.database
    with database.begin() as session:
        kept_forecast.keep(session, NOW - timedelta(minutes=5))
        scenario = a_scenario(session)
        session.add(
            Enrolment(
                scenario_id=scenario.id, friend_id=a_friend(session).id, cause="x", entered_at=NOW,
                next_step_id=scenario.steps[0].id, next_at=NOW, due_at=NOW,
            )
        )  # fmt: skip
    with database.reading() as session:
        kept, at = kept_forecast.load(session, NOW)
        assert (kept.messages, at) == (0, NOW - timedelta(minutes=5))
        anew, at = kept_forecast.load(session, NOW + timedelta(hours=1))
        assert (anew.messages, at) == (1, NOW + timedelta(hours=1))
