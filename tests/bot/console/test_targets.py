"""Targets on the pages: set by the owner, told in words on home and in the reports, kept on record."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.models import AuditEntry, Role
from scheduler import targets
from scheduler.targets import Aim, Target
from segments import day_counts, events
from segments.models import EventKind
from tests.bot.browsing import Visitor
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.fakes.clock import FakeClock

PAGE = "/console/targets/"


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    """Log in to a shop where three of four said they are satisfied."""
    visitor.log_in()
    with visitor.services.database.begin() as session:
        friend = a_friend(session)
        for kind in (*[EventKind.SATISFIED] * 3, EventKind.DISSATISFIED):
            events.append(session, kind, friend.id, days_ago(2))
    day_counts.refresh(visitor.services.database, NOW)
    return visitor


def test_a_target_is_set_and_told_on_home_and_in_its_report(owner: Visitor) -> None:
    assert "目標と期日を決めると" in owner.get("/console/").text
    page = owner.get(f"{PAGE}satisfaction").text
    assert "いまは75.0%です。 例: 35 または 2.5" in page
    answer = owner.submit(f"{PAGE}satisfaction", {"value": "90", "until": "2026-12-21"})
    assert answer.location == PAGE
    for path in ("/console/", "/console/reports/", "/console/reports/satisfaction", PAGE):
        page = owner.get(path).text
        assert "順調です" in page, path
        assert "<strong>75.0%</strong>" in page, path
        assert "<strong>90.0%以上</strong> · 期日 2026年12月21日（月）" in page, path
    assert "順調です" not in owner.get("/console/reports/buying").text
    with owner.services.database.reading() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        assert (entry.action, entry.subject, entry.details) == (
            "target_set", "satisfaction", {"value": 0.9, "until": "2026-12-21"},
        )  # fmt: skip


def test_one_that_falls_behind_says_where_it_should_be_by_now(owner: Visitor, clock: FakeClock) -> None:
    owner.submit(f"{PAGE}satisfaction", {"value": "95", "until": "2026-12-21"})
    clock.advance(timedelta(days=15))
    owner.try_to_log_in("hanako", "ringo mikan budou")
    page = owner.get("/console/").text
    assert "遅れています" in page
    assert "今日の目安は85.0%です。" in page
    clock.advance(timedelta(days=16))
    owner.try_to_log_in("hanako", "ringo mikan budou")
    assert "期日までに届きませんでした" in owner.get("/console/").text
    clock.advance(timedelta(days=31))
    owner.try_to_log_in("hanako", "ringo mikan budou")
    assert "期日までに届きませんでした" not in owner.get("/console/").text
    assert "期日までに届きませんでした" in owner.get(PAGE).text


def test_the_figure_of_a_target_is_the_one_its_report_shows(owner: Visitor) -> None:
    owner.submit(f"{PAGE}satisfaction", {"value": "90", "until": "2026-12-21"})
    link = re.search(r'href="(/console/reports/satisfaction[^"]+)"', owner.get("/console/").text)
    assert link
    assert "<dt>満足度</dt><dd>75.0%</dd>" in owner.get(link[1].replace("&amp;", "&")).text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"value": "", "until": "2026-12-21"}, "目標は0より大きい数字で、割合は100%までに"),
        ({"value": "120", "until": "2026-12-21"}, "0から100までの数字"),
        ({"value": "x", "until": "2026-12-21"}, "0から100までの数字"),
        ({"value": "90", "until": "2026-11-21"}, "明日から3年以内"),
        ({"value": "90", "until": ""}, "期日を入力してください"),
        ({"value": "90", "until": "soon"}, "日付を 2026-11-21 のように"),
    ],
)
def test_what_must_be_mended_stands_beside_its_field(
    owner: Visitor, typed: dict[str, str], words: str
) -> None:
    answer = owner.submit(f"{PAGE}satisfaction", typed)
    assert answer.status_code == 422
    assert words in answer.text
    with owner.services.database.reading() as session:
        assert targets.in_force(session) == {}


def test_changes_stay_on_record_and_a_target_can_be_dropped(owner: Visitor) -> None:
    for value in ("90", "80"):
        owner.submit(f"{PAGE}satisfaction", {"value": value, "until": "2026-12-21"})
    owner.submit(f"{PAGE}satisfaction", {}, to=f"{PAGE}satisfaction/drop")
    page = owner.get(f"{PAGE}satisfaction").text
    history = page[page.index("これまでの目標") :]
    assert re.findall(r"90.0%以上|80.0%以上|目標をやめました", history) == [
        "目標をやめました",
        "80.0%以上",
        "90.0%以上",
    ]
    assert "花子" in history
    assert "満足度" not in owner.get("/console/").text


def test_yen_and_people_are_asked_for_as_such(owner: Visitor) -> None:
    assert owner.submit(f"{PAGE}order_cost", {"value": "500", "until": "2026-12-21"}).status_code == 302
    assert owner.submit(f"{PAGE}referrals", {"value": "12", "until": "2026-12-21"}).status_code == 302
    page = owner.get(PAGE).text
    assert "500円以下" in page
    assert "まだ判断できません" in page
    assert "12人以上" in page
    owner.post("/console/language", {"language": "en", "next": PAGE})
    english = owner.get(PAGE).text
    assert not re.search(r"[ぁ-んァ-ヶ]", re.sub(r"日本語|みどり", "", english[english.index("<main") :]))


def test_only_the_owner_sets_targets_and_others_see_them(visitor: Visitor) -> None:
    visitor.log_in(Role.OPERATOR)
    with visitor.services.database.begin() as session:
        until = NOW.date() + timedelta(days=30)
        targets.choose(session, Aim.F2, Target(0.3, until, NOW.date(), 0.2), "operator:1", NOW)
    assert "30.0%以上" in visitor.get(PAGE).text
    assert "目標を保存する" not in visitor.get(f"{PAGE}f2").text
    assert visitor.post(f"{PAGE}f2", {"value": "50", "until": "2026-12-21"}).status_code == 403
    assert visitor.get(f"{PAGE}nothing").status_code == 404
