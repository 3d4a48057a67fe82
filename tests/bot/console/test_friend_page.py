"""What a friend's page and the search tell beyond names: imported facts, the next purchase, what is still to come."""

from datetime import date, timedelta

import pytest

from scheduler import scenarios
from scheduler.models import Delivery, DeliveryKind, DeliveryState, Purpose
from segments import facts
from tests.bot.browsing import Visitor
from tests.builders import a_friend, a_purchase, a_scenario, days_ago
from tests.fakes.clock import A_SATURDAY


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    return visitor.log_in()


def test_a_friends_page_tells_what_was_imported(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        friend = a_friend(
            session,
            kana="サトウ",
            birthday=date(1990, 3, 4),
            email="sato@example.com",
            email_consent_at=days_ago(1),
            fields={"氏名": "佐藤 桜", "備考": ""},
        ).id
    page = owner.get(f"/console/friends/{friend}").text
    for words in ("サトウ", "1990年3月4日（日）", "sato@example.com", "メールの配信に同意", "佐藤 桜"):
        assert words in page, words
    assert "備考" not in page


@pytest.mark.parametrize("words", ["佐藤 桜", "サトウ"])
def test_a_friend_is_found_by_what_was_imported(owner: Visitor, words: str) -> None:
    with owner.services.database.begin() as session:
        a_friend(session, display_name="sakura", kana="サトウ", fields={"氏名": "佐藤 桜"})
        a_friend(session, display_name="ichiro", fields={"氏名": "鈴木"})
    page = owner.client.get("/console/friends/", query_string={"q": words}).text
    assert "sakura" in page
    assert "ichiro" not in page


def test_the_next_purchase_is_told_with_its_reason(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        friend = a_friend(session)
        for days in (90, 60, 30):
            a_purchase(session, friend, bought_at=days_ago(days))
        facts.learn_purchases(session, friend.id, A_SATURDAY)
    page = owner.get(f"/console/friends/{friend.id}").text
    assert "3回購入、" in page
    assert "4週間以内の確率" in page


def test_what_is_still_to_come_is_told_with_its_time(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        friend = a_friend(session)
        scenario = a_scenario(session, {"delay": timedelta(days=2)}, name="お礼")
        assert scenarios.enrol(session, scenario, friend.id, "t", {}, A_SATURDAY)
        session.add(
            Delivery(
                friend_id=friend.id,
                kind=DeliveryKind.STEP,
                purpose=Purpose.CARE,
                state=DeliveryState.QUEUED,
                reason="quiet_hours",
                created_at=A_SATURDAY,
                not_before=A_SATURDAY + timedelta(hours=18, minutes=30),
            )
        )
    page = owner.get(f"/console/friends/{friend.id}").text
    coming = page[page.index("これから届くもの") :]
    assert coming.index("2026年11月22日（日） 09:00") < coming.index("2026年11月23日（月） 14:30")
    assert "配信停止時間帯が明けるのを待っています" in coming
    assert "お礼 – メッセージ" in coming


def test_the_first_stage_of_someone_on_line_is_told_as_following(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        friend = a_friend(session, facts={"stage_reason": "known"}).id
        imported = a_friend(session, line_user_id=None, followed_at=None, facts={"stage_reason": "known"}).id
    assert "友だち追加されました" in owner.get(f"/console/friends/{friend}").text
    assert "お名前だけ登録されています" in owner.get(f"/console/friends/{imported}").text
