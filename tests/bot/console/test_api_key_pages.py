"""API keys in the console: shown once, used, revoked after one more question."""

import re

from bot import api_keys
from tests.bot.browsing import Visitor

PAGE = "/console/settings/api-keys/"


def made(visitor: Visitor, name: str = "本店のレジ") -> str:
    page = visitor.submit(PAGE, {"name": name})
    assert page.status_code == 200, page.text
    found = re.search(r'id="secret">(kk_[^<]+)<', page.text)
    assert found
    return found[1]


def test_a_key_is_shown_once_and_opens_the_api(visitor: Visitor) -> None:
    visitor.log_in()
    key = made(visitor)
    assert key not in visitor.get(PAGE).text
    answer = visitor.client.get("/api/v1/quota", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    assert "最後の利用: たった今" in visitor.get(PAGE).text


def test_a_revoked_key_opens_nothing_and_cannot_be_revoked_twice(visitor: Visitor) -> None:
    visitor.log_in()
    key = made(visitor)
    assert "すぐに固客とやりとりできなくなります" in visitor.get(f"{PAGE}1/revoke").text
    visitor.post(f"{PAGE}1/revoke")
    assert visitor.client.get("/api/v1/quota", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    assert visitor.get(f"{PAGE}1/revoke").location == PAGE
    visitor.post(f"{PAGE}1/revoke")
    assert "APIキーが見つかりません。" in visitor.get(PAGE).text


def test_a_name_is_wanted_and_taken_only_while_its_key_is_valid(visitor: Visitor) -> None:
    visitor.log_in()
    assert "名前を入力してください。" in visitor.submit(PAGE, {"name": " "}).text
    made(visitor)
    again = visitor.submit(PAGE, {"name": "本店のレジ"})
    assert again.status_code == 422
    assert "という名前の有効なキーがすでにあります" in again.text
    visitor.post(f"{PAGE}1/revoke")
    made(visitor)
    with visitor.services.database.reading() as session:
        assert [each.revoked_at is None for each in api_keys.everyone(session)] == [True, False]
