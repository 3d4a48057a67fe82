"""LINE's own Python library works against the simulator unchanged."""

# line-bot-sdk ships without types for its calls.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportGeneralTypeIssues=false, reportCallIssue=false

import pytest
from linebot.v3.messaging import (
    ApiClient,
    ApiException,
    BroadcastRequest,
    Configuration,
    FlexBox,
    FlexBubble,
    FlexMessage,
    FlexText,
    MessageAction,
    MessagingApi,
    MessagingApiBlob,
    MulticastRequest,
    NarrowcastRequest,
    PushMessageRequest,
    QuickReply,
    QuickReplyItem,
    ReplyMessageRequest,
    RichMenuArea,
    RichMenuBounds,
    RichMenuRequest,
    RichMenuSize,
    SetWebhookEndpointRequest,
    ShowLoadingAnimationRequest,
    TextMessage,
    URIAction,
    ValidateMessageRequest,
)
from linebot.v3.oauth import ApiClient as OAuthClient
from linebot.v3.oauth import ApiException as OAuthException
from linebot.v3.oauth import ChannelAccessToken
from linebot.v3.oauth import Configuration as OAuthConfiguration

from bot.simulator.pictures import png
from tests.bot.simulator.conftest import SECRET, Bot
from tests.fakes.simulator import SimulatorClient


def hello(words: str = "こんにちは") -> TextMessage:
    return TextMessage(text=words)


def test_push_answers_message_ids_and_a_request_id(line: MessagingApi, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    answer = line.push_message_with_http_info(
        PushMessageRequest(to=friend, messages=[hello(), hello("二つ目")])
    )
    assert answer.data is not None
    assert [len(sent.id) for sent in answer.data.sent_messages] == [18, 18]
    assert answer.headers is not None
    assert answer.headers["x-line-request-id"]
    assert sim.texts(friend) == ["こんにちは", "二つ目"]


def test_multicast_reaches_everyone_named(line: MessagingApi, sim: SimulatorClient) -> None:
    friends = sim.add_friends(500)
    line.multicast(MulticastRequest(to=friends, messages=[hello()]))
    assert set(sim.counts()["friends"].values()) == {1}
    assert sim.counts()["delivered"] == 500


def test_broadcast_reaches_friends_only(line: MessagingApi, sim: SimulatorClient) -> None:
    friend, blocked = sim.add_friends(2)
    [stranger] = sim.add_friends(1, stranger=True)
    sim.block(blocked)
    line.broadcast(BroadcastRequest(messages=[hello()]))
    assert sim.counts()["friends"] == {friend: 1}
    assert sim.texts(stranger) == []


def test_narrowcast_is_accepted_and_its_progress_told(line: MessagingApi, sim: SimulatorClient) -> None:
    sim.add_friends(5)
    sent = line.narrowcast_with_http_info(NarrowcastRequest(messages=[hello()], limit={"max": 3}))
    assert sent.status_code == 202
    assert sent.headers is not None
    progress = line.get_narrowcast_progress(sent.headers["x-line-request-id"])
    assert (progress.phase, progress.success_count, progress.target_count) == ("succeeded", 3, 5)


def test_reply_answers_an_event(line: MessagingApi, sim: SimulatorClient, bot: Bot) -> None:
    friend = sim.add_friend()
    sim.text(friend, "予約したい")
    sim.flush()
    token = bot.events[0]["replyToken"]
    answer = line.reply_message(ReplyMessageRequest(reply_token=token, messages=[hello("承りました")]))
    assert answer.sent_messages[0].quote_token
    assert sim.texts(friend) == ["承りました"]


def test_profile_of_a_friend(line: MessagingApi, sim: SimulatorClient) -> None:
    friend = sim.add_friends(names=["Emma"], language="en")[0]
    profile = line.get_profile(friend)
    assert (profile.display_name, profile.language) == ("Emma", "en")


def test_profile_of_someone_who_blocked_is_not_found(line: MessagingApi, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    sim.block(friend)
    with pytest.raises(ApiException) as refused:
        line.get_profile(friend)
    assert refused.value.status == 404


def test_follower_ids_come_in_pages(line: MessagingApi, sim: SimulatorClient) -> None:
    friends = sim.add_friends(25)
    first = line.get_followers(limit=20)
    second = line.get_followers(limit=20, start=first.next)
    assert first.user_ids + second.user_ids == friends
    assert second.next is None


def test_quota_and_consumption(line: MessagingApi, sim: SimulatorClient) -> None:
    assert line.get_message_quota().type == "none"
    sim.quota(value=200)
    line.push_message(PushMessageRequest(to=sim.add_friend(), messages=[hello()]))
    assert line.get_message_quota().value == 200
    assert line.get_message_quota_consumption().total_usage == 1


def test_numbers_of_a_day_are_ready_when_it_is_over(line: MessagingApi, sim: SimulatorClient) -> None:
    sim.clock(now="2026-07-30T23:00:00+09:00", frozen=True)
    line.push_message(PushMessageRequest(to=sim.add_friend(), messages=[hello()]))
    assert line.get_number_of_sent_push_messages("20260730").status == "unready"
    sim.clock(now="2026-07-31T00:00:00+09:00")
    day = line.get_number_of_sent_push_messages("20260730")
    assert (day.status, day.success) == ("ready", 1)


def test_validate_does_not_send(line: MessagingApi, sim: SimulatorClient) -> None:
    sim.add_friend()
    line.validate_push(ValidateMessageRequest(messages=[hello()]))
    line.validate_multicast(ValidateMessageRequest(messages=[hello()]))
    line.validate_broadcast(ValidateMessageRequest(messages=[hello()]))
    line.validate_narrowcast(ValidateMessageRequest(messages=[hello()]))
    line.validate_reply(ValidateMessageRequest(messages=[hello()]))
    assert sim.counts()["delivered"] == 0


def test_a_flex_message_with_quick_replies_goes_through(line: MessagingApi, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    body = FlexBox(layout="vertical", contents=[FlexText(text="おすすめ", weight="bold", size="xl")])
    item = QuickReplyItem(action=MessageAction(label="はい", text="はい"))
    message = FlexMessage(
        altText="おすすめ", contents=FlexBubble(body=body), quickReply=QuickReply(items=[item])
    )
    line.push_message(PushMessageRequest(to=friend, messages=[message]))
    assert sim.received(friend)[0]["contents"]["body"]["contents"][0]["text"] == "おすすめ"


def menu() -> RichMenuRequest:
    area = RichMenuArea(
        bounds=RichMenuBounds(x=0, y=0, width=2500, height=843),
        action=URIAction(label="店", uri="https://example.com"),
    )
    return RichMenuRequest(
        size=RichMenuSize(width=2500, height=843),
        selected=True,
        name="基本",
        chatBarText="メニュー",
        areas=[area],
    )


def test_a_rich_menu_with_its_image_is_shown_to_all(
    line: MessagingApi, blob: MessagingApiBlob, sim: SimulatorClient
) -> None:
    line.validate_rich_menu_object(menu())
    menu_id = line.create_rich_menu(menu()).rich_menu_id
    picture = png(250, 84)
    blob.set_rich_menu_image(menu_id, picture, _headers={"Content-Type": "image/png"})
    assert blob.get_rich_menu_image(menu_id) == picture
    line.set_default_rich_menu(menu_id)
    assert line.get_default_rich_menu_id().rich_menu_id == menu_id
    assert [each.rich_menu_id for each in line.get_rich_menu_list().richmenus] == [menu_id]


def test_webhook_endpoint_is_set_and_tested(line: MessagingApi, sim: SimulatorClient, bot: Bot) -> None:
    line.set_webhook_endpoint(SetWebhookEndpointRequest(endpoint=bot.url))
    assert line.get_webhook_endpoint().endpoint == bot.url
    assert line.test_webhook_endpoint().success
    assert bot.events == []


def test_loading_animation_and_bot_info(line: MessagingApi, sim: SimulatorClient) -> None:
    line.show_loading_animation(ShowLoadingAnimationRequest(chatId=sim.add_friend(), loadingSeconds=5))
    assert line.get_bot_info().basic_id == "@kokyaku-sim"


def test_a_stateless_token_opens_the_api_for_fifteen_minutes(sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    with OAuthClient(OAuthConfiguration(host=sim.url)) as client:
        issued = ChannelAccessToken(client).issue_stateless_channel_token_by_client_secret(
            "2000000001", SECRET
        )
    assert issued.expires_in == 899
    with ApiClient(Configuration(host=sim.url, access_token=issued.access_token)) as client:
        assert MessagingApi(client).get_profile(friend).user_id == friend
        sim.clock(offset_seconds=901)
        with pytest.raises(ApiException) as refused:
            MessagingApi(client).get_profile(friend)
    assert refused.value.status == 401


def test_wrong_credentials_get_no_token(sim: SimulatorClient) -> None:
    with OAuthClient(OAuthConfiguration(host=sim.url)) as client, pytest.raises(OAuthException) as refused:
        ChannelAccessToken(client).issue_stateless_channel_token_by_client_secret("2000000001", "wrong")
    assert refused.value.status == 400
