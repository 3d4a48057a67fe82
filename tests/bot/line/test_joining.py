"""Who brought a friend, and which customer of the shop they are: codes, routes, member numbers, account linking."""

from datetime import timedelta

import pytest

from segments import members
from segments.db import Database
from segments.models import Referral
from tests.bot.line.conversations import a_follower, a_shops_chat
from tests.bot.line.support import Chat, a_line_id, an_event
from tests.fakes.clock import FakeClock


@pytest.fixture
def chat(database: Database, clock: FakeClock) -> Chat:
    """Return the chat of a shop that has set itself up."""
    return a_shops_chat(database, clock)


@pytest.fixture
def friend(chat: Chat) -> str:
    """Return the id of a friend who has just followed."""
    return a_follower(chat)


def test_the_referral_code_can_be_shared_and_entered(chat: Chat, friend: str):
    chat.write(friend, "紹介コード")
    code = chat.friend(friend).referral_code
    assert code is not None
    shown = str(chat.last(friend))
    assert code in shown
    assert "https://line.me/R/share?text=" in shown
    newcomer = a_line_id()
    assert "受け付けました" in chat.write(newcomer, f"紹介コード {code}")[0]
    (referral,) = chat.rows(Referral)
    assert referral.newcomer_id == chat.friend(newcomer).id
    assert "すでに" in chat.write(newcomer, f"紹介コード「{code.lower()}」")[0]
    assert "ご自身" in chat.write(friend, f"紹介コード:{code}")[0]


def test_a_referral_code_may_be_typed_after_being_asked(chat: Chat, friend: str):
    chat.write(friend, "紹介コード")
    code = str(chat.friend(friend).referral_code)
    newcomer = a_line_id()
    assert "8文字" in chat.tap(newcomer, "action=enter_referral")[0]
    assert "見つかりません" in chat.write(newcomer, "ABCD2345")[0]
    chat.tap(newcomer, "action=enter_referral")
    assert "受け付けました" in chat.write(newcomer, code)[0]
    chat.clock.advance(timedelta(minutes=20))


def test_a_route_and_a_code_before_the_follow_are_remembered(chat: Chat, friend: str):
    chat.write(friend, "紹介")
    code = str(chat.friend(friend).referral_code)
    newcomer = a_line_id()
    chat.write(newcomer, f"紹介コード {code} （ルート：店頭POP）")
    chat.write(newcomer, "無料プレゼント route:shop2")
    chat.follow(newcomer)
    assert chat.friend(newcomer).route == "店頭POP"
    assert len(chat.rows(Referral)) == 1
    assert chat.friend(newcomer).followed_at is not None


def test_a_prefilled_route_with_a_keyword_does_both(chat: Chat):
    friend = a_line_id()
    answers = chat.write(friend, "無料プレゼント　ルート:shop1")
    assert chat.friend(friend).route == "shop1"
    assert "お茶の淹れ方" in "".join(answers)


def test_a_member_number_is_linked_by_code_and_unlinked(chat: Chat, friend: str):
    with chat.database.begin() as session:
        code = members.issue_link_code(session, "M-1001", chat.clock.now())
    assert "連携しました" in chat.write(friend, f"会員登録 {code}")[0]
    assert chat.friend(friend).member_number == "M-1001"
    assert "M-1001" in str(chat.last(friend))
    assert "すでに使われ" in chat.write(friend, f"会員登録 {code}")[0]
    assert "解除しました" in chat.write(friend, "会員連携解除")[0]
    assert chat.friend(friend).member_number is None
    assert "ございません" in chat.write(friend, "連携解除")[0]


def test_guessing_link_codes_is_stopped(chat: Chat, friend: str):
    tries = [chat.write(friend, f"会員登録 ABCD234{number}")[0] for number in range(2, 8)]
    assert all("確認できません" in answer for answer in tries[:5])
    assert "上限" in tries[5]


def test_account_linking_uses_the_nonce(chat: Chat, friend: str):
    with chat.database.begin() as session:
        code = members.issue_link_code(session, "M-7", chat.clock.now())
    chat.receive(an_event("accountLink", friend, chat.clock.now(), link={"result": "ok", "nonce": code}))
    assert chat.friend(friend).member_number == "M-7"
    chat.receive(an_event("accountLink", friend, chat.clock.now(), link={"result": "failed", "nonce": code}))
    assert "できませんでした" in chat.gateway.sent_to(friend)[-1]
