"""The phone page as HTML: every kind of message, no injection, forms that lead to the chat."""

from collections.abc import Generator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.simulator.app import create_simulator
from bot.simulator.config import SimulatorConfig
from bot.simulator.pictures import png
from bot.simulator.platform import EXTENSION
from tests.bot.simulator import samples
from tests.bot.simulator.conftest import TOKEN, text
from tests.fakes.simulator import Json

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def app() -> Generator[Flask]:
    made = create_simulator(SimulatorConfig())
    yield made
    made.extensions[EXTENSION].close()


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def friend(browser: FlaskClient) -> str:
    return browser.post("/sim/friends", json={"names": ["佐藤 花子"]}).get_json()["ids"][0]


def push(browser: FlaskClient, to: str, *messages: Json) -> None:
    answer = browser.post(
        "/v2/bot/message/push", json={"to": to, "messages": list(messages)}, headers=HEADERS
    )
    assert answer.status_code == 200, answer.text


SIGNS = {
    "text": "新商品は",
    "textV2": "@Allさん、ようこそ",
    "sticker": "446/1988",
    "image": f'data-open="{samples.PICTURE}"',
    "video": "a.mp4",
    "audio": "1:05",
    "location": "東京都港区芝公園4-2-8",
    "imagemap": "https://example.com/map/700",
    "buttons": "深蒸し煎茶 100g 1,200円",
    "confirm": "配信を受け取りますか。",
    "carousel": "商品3",
    "image_carousel": "image-card",
    "flex": "友だち限定クーポン",
    "flex_carousel": "商品2",
    "coupon": "01JYNW8JMQVFBNWF1APF8Z3FS7",
    "quick_replies": 'class="chip"',
}


@pytest.mark.parametrize("kind", samples.EVERY_KIND)
def test_every_kind_of_message_is_shown(browser: FlaskClient, friend: str, kind: str) -> None:
    push(browser, friend, samples.EVERY_KIND[kind])
    assert SIGNS[kind] in browser.get(f"/phone/{friend}").text


def test_a_text_with_html_shows_as_text(browser: FlaskClient, friend: str) -> None:
    attack = '<script>alert("1")</script>'
    push(browser, friend, text(attack), {**samples.COUPON, "couponId": attack})
    bubble = samples.bubble(attack)
    bubble["body"]["contents"][0]["action"] = {"type": "message", "label": attack, "text": attack}
    push(browser, friend, {"type": "flex", "altText": attack, "contents": bubble})
    browser.post(f"/sim/friends/{friend}/text", json={"text": attack})
    page = browser.get(f"/phone/{friend}").text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;") >= 5


def test_the_page_allows_no_inline_script_or_style(browser: FlaskClient, friend: str) -> None:
    push(browser, friend, *[samples.EVERY_KIND[kind] for kind in ("flex", "buttons", "imagemap")])
    answer = browser.get(f"/phone/{friend}")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'")
    assert "unsafe-inline" not in policy
    assert " style=" not in answer.text
    assert " onclick=" not in answer.text


def test_updates_bring_only_what_is_new(browser: FlaskClient, friend: str) -> None:
    push(browser, friend, text("古い"))
    last = browser.get(f"/phone/{friend}/updates").get_json()["last"]
    push(browser, friend, text("新しい"))
    news = browser.get(f"/phone/{friend}/updates?after={last}").get_json()
    assert len(news["bubbles"]) == 1
    assert "新しい" in news["bubbles"][0]["html"]


def test_quick_replies_leave_with_the_next_message(browser: FlaskClient, friend: str) -> None:
    push(browser, friend, samples.WITH_QUICK_REPLIES)
    push(browser, friend, text("次"))
    assert 'class="chip"' not in browser.get(f"/phone/{friend}").text


def test_the_rich_menu_is_shown_with_its_areas(browser: FlaskClient, friend: str) -> None:
    menu = browser.post("/v2/bot/richmenu", json=samples.RICH_MENU, headers=HEADERS).get_json()["richMenuId"]
    picture = {**HEADERS, "Content-Type": "image/png"}
    browser.post(f"/v2/bot/richmenu/{menu}/content", data=png(250, 84), headers=picture)
    browser.post(f"/v2/bot/user/all/richmenu/{menu}", headers=HEADERS)
    page = browser.get(f"/phone/{friend}").text
    assert page.count('class="area"') == 2
    assert browser.get(f"/phone/menus/{menu}/image").data == png(250, 84)


def test_adding_a_friend_leads_to_the_chat_and_tells_the_bot(browser: FlaskClient) -> None:
    answer = browser.post("/phone", data={"name": "新しい人"}, follow_redirects=True)
    assert "新しい人" in answer.text
    [entry] = browser.get("/sim/webhooks").get_json()["webhooks"]
    assert entry["event"]["follow"] == {"isUnblocked": False}


def test_a_prefilled_link_opens_the_chat_of_a_stranger_with_the_text(browser: FlaskClient) -> None:
    uri = "https://line.me/R/oaMessage/%40kokyaku-sim/?%E7%B4%B9%E4%BB%8B%20ABC"
    answer = browser.post("/phone/link", data={"link": uri, "user_id": ""}, follow_redirects=True)
    assert 'value="紹介 ABC"' in answer.text
    assert 'data-standing="stranger"' in answer.text


def test_an_add_friend_link_makes_a_friend(browser: FlaskClient) -> None:
    link = {"link": "https://line.me/R/ti/p/%40kokyaku-sim", "user_id": ""}
    assert 'data-standing="friend"' in browser.post("/phone/link", data=link, follow_redirects=True).text


def test_the_page_speaks_english_too(browser: FlaskClient, friend: str) -> None:
    assert "LINE simulator" in browser.get("/?lang=en").text
    assert ">Block<" in browser.get(f"/phone/{friend}?lang=en").text


def test_an_unknown_person_has_no_phone(browser: FlaskClient) -> None:
    assert browser.get("/phone/U0").status_code == 404


def test_unsent_messages_show_that_they_are_gone(browser: FlaskClient, friend: str) -> None:
    browser.post(f"/sim/friends/{friend}/text", json={"text": "取り消す文"})
    message = browser.get(f"/sim/friends/{friend}/messages").get_json()["messages"][0]["id"]
    browser.post(f"/sim/friends/{friend}/unsend", json={"messageId": message})
    page = browser.get(f"/phone/{friend}").text
    assert "取り消す文" not in page
    assert "メッセージの送信を取り消しました" in page
