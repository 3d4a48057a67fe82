"""What a friend lives through in the chat."""

from datetime import timedelta

import pytest

from bot.line.handlers.asked import Action
from scheduler.gateway import Profile, TemporaryGatewayError
from scheduler.models import Delivery, DeliveryState
from segments import coupons
from segments.db import Database
from segments.models import ChatMessage, CouponGrant, Direction, EventKind, Facts
from tests.bot.line.conversations import a_follower, a_shops_chat, kinds
from tests.bot.line.support import Chat, a_line_id, an_event
from tests.builders import a_purchase
from tests.fakes.clock import FakeClock


@pytest.fixture
def chat(database: Database, clock: FakeClock) -> Chat:
    """Return the chat of a shop that has set itself up."""
    return a_shops_chat(database, clock)


@pytest.fixture
def friend(chat: Chat) -> str:
    """Return the id of a friend who has just followed."""
    return a_follower(chat)


def buttons(message: object) -> list[str]:
    """Return the postback data of every action inside a message object."""
    if isinstance(message, dict):
        own = [message["data"]] if message.get("type") == "postback" else []  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return own + [data for part in message.values() for data in buttons(part)]  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportUnknownArgumentType]
    if isinstance(message, list):
        return [data for part in message for data in buttons(part)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return []


def test_a_new_friend_is_greeted_by_name_for_free(chat: Chat):
    friend = a_line_id()
    chat.gateway.profiles_known[friend] = Profile("山田 花子", "https://example.com/p.jpg", "ja")
    answers = chat.follow(friend)
    assert "山田 花子様" in answers[0]
    assert "見本の店" in answers[0]
    assert chat.gateway.used == 0
    known = chat.friend(friend)
    assert (known.display_name, known.picture_url) == ("山田 花子", "https://example.com/p.jpg")
    assert EventKind.FOLLOWED in kinds(chat)
    (delivery,) = chat.rows(Delivery)
    assert delivery.state is DeliveryState.ACCEPTED
    said = [row.text for row in chat.rows(ChatMessage) if row.direction is Direction.OUT]
    assert said == answers


def test_the_profile_decides_the_language(chat: Chat):
    friend = a_line_id()
    chat.gateway.profiles_known[friend] = Profile("Ann", None, "en-US")
    assert chat.follow(friend)[0].startswith("Hi Ann")


@pytest.mark.parametrize(
    "name",
    [
        "{{7*7}}",
        "{% raw %}",
        "<b>山田</b>",
        "\u202eevil\u202e",
        "a\u200bb",
        "👨‍👩‍👧‍👦",
        "",
        "x" * 5000,
        "a\nb\x00c",
    ],
)
def test_no_name_can_break_the_greeting(chat: Chat, name: str):
    friend = a_line_id()
    chat.gateway.profiles_known[friend] = Profile(name, None, "ja")
    answers = chat.follow(friend)
    assert "友だち追加ありがとうございます" in answers[0]
    assert "49" not in answers[0]


def test_a_failing_profile_never_blocks_the_greeting(chat: Chat):
    chat.gateway.fail("profile", TemporaryGatewayError("LINE is down"), times=1)
    friend = a_line_id()
    assert "お客様" in chat.follow(friend)[0]
    chat.clock.advance(timedelta(minutes=1))
    chat.write(friend, "クーポン")
    assert chat.friend(friend).display_name.startswith("友だち")


def test_who_comes_back_after_a_block_is_welcomed_back(chat: Chat, friend: str):
    chat.clock.advance(timedelta(days=1))
    chat.receive(an_event("unfollow", friend, chat.clock.now()))
    assert chat.friend(friend).blocked_at is not None
    chat.clock.advance(timedelta(days=1))
    assert "おかえり" in chat.follow(friend, follow={"isUnblocked": True})[0]
    came, went, again = EventKind.FOLLOWED, EventKind.BLOCKED, EventKind.REFOLLOWED
    assert [kind for kind in kinds(chat) if kind is not EventKind.STAGE_CHANGED] == [came, went, again]


def test_every_answer_offers_the_menu(chat: Chat, friend: str):
    chat.write(friend, "購入方法")
    menu = [item["action"]["data"] for item in chat.last(friend)["quickReply"]["items"]]
    assert menu == [
        f"action={action}" for action in ("claim", "coupons", "how_to_buy", "referral", "staff", "settings")
    ]


@pytest.mark.parametrize(
    "words",
    [
        "無料プレゼント",
        "プレゼント",
        "ﾌﾟﾚｾﾞﾝﾄ",
        " プレゼント！ ",
        "FREE",
        "ｆｒｅｅ",
        "Free Gift",
        "プレ\u200bゼント",
    ],
)
def test_the_free_item_is_handed_over_and_counted_once(chat: Chat, friend: str, words: str):
    first = chat.write(friend, words)
    second = chat.write(friend, words)
    assert "お茶の淹れ方" in "".join(first)
    assert first == second
    assert kinds(chat).count(EventKind.FREE_ITEM_CLAIMED) == 1
    assert chat.rows(Facts)[0].stage == "prospect"


def test_without_a_free_item_the_operator_hears_of_it(database: Database, clock: FakeClock):
    chat = Chat(database, clock)
    friend = a_line_id()
    assert "準備中" in chat.write(friend, "プレゼント")[0]
    assert chat.questions() == ["プレゼント"]
    assert EventKind.FREE_ITEM_CLAIMED not in kinds(chat)


def test_coupons_are_shown_with_code_and_last_day(chat: Chat, friend: str):
    assert "ございません" in chat.write(friend, "クーポン")[0]
    with chat.database.begin() as session:
        granted = coupons.grant(
            session, "referral_newcomer", chat.friend(friend).id, "test:1", chat.clock.now()
        )
        granted.expires_at = chat.clock.now() + timedelta(days=7)
    assert "1枚" in chat.tap(friend, "action=coupons")[0]
    shown = str(chat.last(friend))
    assert chat.rows(CouponGrant)[0].code in shown
    assert "2026年11月28日（土）まで" in shown
    assert "500円引き" in shown


def test_how_to_buy_is_said_in_the_friends_language(chat: Chat, friend: str):
    assert "店頭またはお電話" in chat.write(friend, "買い方")[0]
    assert "English" in chat.write(friend, "English")[0]
    assert "At the shop" in chat.write(friend, "how to buy")[0]
    assert chat.write(friend, "日本語") == ["日本語でご案内いたします。"]


def test_a_chosen_language_outlives_the_profile(chat: Chat):
    friend = a_line_id()
    chat.gateway.fail("profile", TemporaryGatewayError("down"))
    chat.write(friend, "English")
    chat.clock.advance(timedelta(minutes=1))
    chat.write(friend, "hours")
    assert chat.friend(friend).profile_fetched_at is not None
    assert chat.friend(friend).language == "en"


def test_messages_stop_and_start_again(chat: Chat, friend: str):
    assert chat.write(friend, "配信停止") == ["配信を停止しました"]
    assert chat.friend(friend).opted_out_at is not None
    assert "停止中" in str(chat.write(friend, "配信設定") and chat.last(friend))
    chat.clock.advance(timedelta(seconds=1))
    assert "再開しました" in chat.write(friend, "配信再開")[0]
    assert chat.friend(friend).opted_out_at is None


def test_satisfaction_is_taken_down_once(chat: Chat, friend: str):
    with chat.database.begin() as session:
        a_purchase(session, chat.friend(friend), order_id="O1")
    for _ in range(2):
        assert "うれしい" in chat.tap(friend, "action=satisfied&order=O1")[0]
        chat.clock.advance(timedelta(seconds=1))
    assert kinds(chat).count(EventKind.SATISFIED) == 1
    assert "申し訳" in chat.tap(friend, "action=dissatisfied&order=O1")[0]
    assert kinds(chat).count(EventKind.DISSATISFIED) == 1
    assert len(chat.questions()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "あ" * 10_000,
        "\u200b",
        "\u202e",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "{% for x in y %}",
        "' OR 1=1 --",
        "👩‍❤️‍💋‍👩" * 300,
        "\x00",
    ],
)
def test_any_text_can_be_kept_and_asked(chat: Chat, friend: str, text: str):
    answers = chat.write(friend, text)
    assert "スタッフが確認" in answers[0]
    assert "49" not in answers[0]
    assert len(chat.questions()) == 1


def test_every_action_answers_a_tap(chat: Chat, friend: str):
    for action in Action:
        chat.clock.advance(timedelta(hours=2))
        assert chat.tap(friend, f"action={action}"), action


def test_every_button_we_offer_means_something(chat: Chat, friend: str):
    known = {f"action={action}" for action in Action} | {"action=free_item"}
    for words in ("プレゼント", "クーポン", "紹介", "配信設定", "配信停止", "配信設定", "会員登録"):
        chat.write(friend, words)
        assert set(buttons(chat.last(friend))) <= known


def test_an_unknown_button_is_a_question(chat: Chat, friend: str):
    assert "スタッフ" in chat.tap(friend, "action=time_machine&x=1")[0]
    assert chat.questions() == ["action=time_machine&x=1"]


@pytest.mark.parametrize(
    "words", ["営業時間は？", "営業時間を教えてください", "定休日について", "営業時間は何時までですか？"]
)
def test_a_word_is_understood_with_what_is_put_behind_it_to_ask(chat: Chat, friend: str, words: str):
    assert "10時から18時" in chat.write(friend, words)[0]


def test_whoever_asks_for_the_menu_is_told_what_there_is(chat: Chat, friend: str):
    assert "お選びください" in chat.write(friend, "メニュー")[0]
    assert chat.questions() == []


def test_a_tapped_button_stands_in_the_chat_by_its_words(chat: Chat, friend: str):
    chat.tap(friend, "action=staff")
    assert chat.questions() == ["スタッフと話す"]
