"""The operator's own page."""

import pytest

from bot.models import Operator, Role
from tests.bot.browsing import Visitor
from tests.builders import a_friend

PAGE = "/console/account/"


@pytest.mark.parametrize("chosen", ["light", "dark"])
def test_a_scheme_that_was_chosen_holds_on_every_page_and_after_the_log_out(
    visitor: Visitor, chosen: str
) -> None:
    visitor.log_in()
    assert "data-bs-theme" not in visitor.get(PAGE).text
    visitor.post(f"{PAGE}theme", {"theme": chosen})
    assert f'data-bs-theme="{chosen}"' in visitor.get("/console/").text
    visitor.post("/console/logout")
    assert f'data-bs-theme="{chosen}"' in visitor.get("/console/login").text


def test_the_devices_own_scheme_comes_back(visitor: Visitor) -> None:
    visitor.log_in()
    visitor.post(f"{PAGE}theme", {"theme": "dark"})
    visitor.post(f"{PAGE}theme", {"theme": "neon"})
    assert 'data-bs-theme="dark"' in visitor.get(PAGE).text
    visitor.post(f"{PAGE}theme", {"theme": ""})
    assert "data-bs-theme" not in visitor.get(PAGE).text


def test_the_language_is_chosen_here_too_and_remembered(visitor: Visitor) -> None:
    visitor.log_in(Role.TILL)
    visitor.post("/console/language", {"language": "en", "next": PAGE})
    assert '<html lang="en"' in visitor.get(PAGE).text
    with visitor.services.database.reading() as session:
        assert session.get_one(Operator, 1).language == "en"


def test_it_says_how_long_the_log_in_lasts(visitor: Visitor) -> None:
    visitor.log_in()
    page = visitor.get(PAGE).text
    assert "2026年11月21日（土） 14:30からログイン" in page
    assert "長くても2026年11月28日（土） 14:30に" in page


def test_ones_own_line_is_chosen_and_let_go_again(visitor: Visitor) -> None:
    visitor.log_in()
    with visitor.services.database.begin() as session:
        friend_id = a_friend(session, display_name="花子").id
    visitor.post(PAGE, {"name": "花子", "friend_id": friend_id})
    assert "テスト送信は 花子 に届きます。" in visitor.get(PAGE).text
    visitor.post(PAGE, {"name": "花子", "forget_friend": "1"})
    assert "友だちの中から選ぶと" in visitor.get(PAGE).text
