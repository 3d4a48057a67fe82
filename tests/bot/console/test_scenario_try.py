"""The page that tries a scenario on one friend: what they would get and when, as they would see it."""

from datetime import timedelta

import pytest

from scheduler.models import MessageVersion, Step, StepKind
from tests.asking import asked_of
from tests.bot.browsing import Visitor
from tests.builders import a_friend, a_message, a_scenario
from tests.fakes.clock import A_SATURDAY as NOW

MOST_QUERIES = 60
TEXTS = (
    "{{ name_sama }}、こんにちは",
    "{{ shop_name }}です",
    "次は{{ next_due | day }}ごろ",
    "{{ last_product.name }}はいかがですか",
    "{{ trial.name }}",
    "{{ coupon.title }}",
    "{{ recommended.name }}",
    "{{ referral_code }}",
    "{{ purchase_count }}回目",
)


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    return visitor.log_in()


def a_long_scenario(owner: Visitor) -> tuple[int, int]:
    """Add nine messages, each with a fact of another kind, and a branch; return its id and a friend's."""
    with owner.services.database.begin() as session:
        steps = [
            {
                "name": f"ステップ{place}",
                "delay": timedelta(days=1),
                "message_id": a_message(session, text).id,
            }
            for place, text in enumerate(TEXTS, start=1)
        ]
        regulars = {"is": "stage", "stages": ["regular"]}
        made = a_scenario(
            session,
            *steps,
            {"kind": StepKind.BRANCH, "condition": regulars, "message_id": None, "delay": timedelta(days=1)},
            name="長いご案内",
        )
        return made.id, a_friend(session, display_name="さくら").id


def test_what_they_would_get_is_told_with_how_it_would_look(owner: Visitor) -> None:
    scenario_id, friend_id = a_long_scenario(owner)
    page = owner.get(f"/console/scenarios/{scenario_id}/try?friend={friend_id}").text
    for words in ("さくらさんの場合", "ステップ9", "さくら様、こんにちは", "0回目", "最後まで進みます。"):
        assert words in page, words
    assert page.count("届くメッセージを見る") == len(TEXTS)
    assert page.count("この友だちには送られません") == 5


def test_a_message_that_waits_for_a_reply_is_told_with_its_latest_time(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        made = a_scenario(session, {"name": "お加減", "rides_for": timedelta(hours=5)})
        path = f"/console/scenarios/{made.id}/try?friend={a_friend(session).id}"
    words = "お加減: 友だちから連絡があれば返信に添えて、なければ遅くとも2026年11月21日（土） 19:30に送ります"
    assert words in owner.get(path).text
    owner.post("/console/language", {"language": "en"})
    assert "is sent by Sat 21 Nov 2026, 19:30 otherwise" in owner.get(path).text


def test_a_message_that_cannot_be_read_takes_no_other_with_it(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        made = a_scenario(session, {"message_id": a_message(session, "{{ name_sama }}へ").id}, {})
        broken = session.get_one(Step, made.steps[1].id).message_id
        content = {"ja": [{"type": "text", "text": "{{ name"}]}
        session.add(MessageVersion(message_id=broken, version=2, content=content, created_at=NOW))
        path = f"/console/scenarios/{made.id}/try?friend={a_friend(session, display_name='さくら').id}"
    page = owner.get(path)
    assert page.status_code == 200
    assert "さくら様へ" in page.text


def test_ten_steps_are_tried_with_few_queries(owner: Visitor) -> None:
    scenario_id, friend_id = a_long_scenario(owner)
    path = f"/console/scenarios/{scenario_id}/try?friend={friend_id}"
    with asked_of(owner.services.database) as statements:
        assert owner.get(path).status_code == 200
    assert len(statements) <= MOST_QUERIES
