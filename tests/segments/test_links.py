"""Tracked links: names, tokens and taps."""

from datetime import timedelta
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from segments import links, merging
from segments.db import Database
from segments.errors import Conflict, Invalid, NotFound
from segments.link_tokens import BIGGEST_ID, Tapped, Tracking
from segments.models import CustomerEvent, EventKind, Facts, Friend, LinkTap, Touched
from tests.builders import a_friend, a_watched_segment
from tests.fakes.clock import A_SATURDAY as NOW

TRACKING = Tracking("https://shop.example/", "a secret")
URL = "https://example.com/spring?a=1&b=春#x"


def taps(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(LinkTap)) or 0


def test_a_name_keeps_its_address_until_somebody_changes_it_knowingly(database: Database) -> None:
    with database.begin() as session:
        made = links.register(session, " 春のカタログ ", URL, NOW)
        assert links.register(session, "春のカタログ", URL, NOW).id == made.id
        with pytest.raises(Conflict) as refused:
            links.register(session, "春のカタログ", "https://example.com/2", NOW)
        assert refused.value.params["stored"] == URL
        links.register(session, "春のカタログ", "https://example.com/2", NOW, change=True)
        assert links.targets(session) == {"春のカタログ": (made.id, "https://example.com/2")}
        assert links.url_of(session, made.id) == "https://example.com/2"
        with pytest.raises(NotFound, match="link_unknown"):
            links.url_of(session, 99)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "javascript:alert(1)",
        "JAVASCRIPT://x/%0aalert(1)",
        "data:text/html,x",
        "ftp://example.com/",
        "line://nv/chat",
        "https://",
        "https:///path",
        "https://user:pw@example.com/",
        "https://exa mple.com/",
        "https://example.com/\r\nSet-Cookie: a=b",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://[::1/",
        "https://example.com\\@evil.example/",
        "https://example.com/" + "a" * 900,
    ],
)
def test_only_plain_web_addresses_are_taken(sqlite: Database, url: str) -> None:
    with sqlite.begin() as session, pytest.raises(Invalid, match="link_url_invalid"):
        links.register(session, "x", url, NOW)


@pytest.mark.parametrize("name", ["", " ", "a" * 65, 'a"b', "a'b", "a}b", "a\nb"])
def test_a_name_fits_between_quotes(sqlite: Database, name: str) -> None:
    with sqlite.begin() as session, pytest.raises(Invalid, match="link_name_invalid"):
        links.register(session, name, URL, NOW)


def test_a_name_may_have_the_wide_blank_of_japanese(sqlite: Database) -> None:
    with sqlite.begin() as session:
        assert links.register(session, "　春の　カタログ", URL, NOW).name == "春の　カタログ"


ids = st.integers(1, BIGGEST_ID)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(link=ids, friend=ids, delivery=st.none() | ids)
def test_a_token_comes_back_as_what_it_stands_for(link: int, friend: int, delivery: int | None) -> None:
    tapped = Tapped(link, friend, delivery)
    token = TRACKING.token(tapped)
    assert TRACKING.read(token) == tapped
    assert len(TRACKING.address(tapped)) < 100
    assert Tracking("", "another secret").read(token) is None
    for place in range(len(token)):
        other = "0" if token[place] != "0" else "1"
        assert TRACKING.read(token[:place] + other + token[place + 1 :]) is None


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(text=st.text(max_size=100))
def test_nothing_made_up_is_a_token(text: str) -> None:
    assert TRACKING.read(text) is None


def test_an_everyday_address_is_short() -> None:
    token = TRACKING.token(Tapped(12, 123_456, 7_890_123))
    assert len(token) == 29


def test_a_tap_is_a_row_news_and_a_fact(database: Database) -> None:
    with database.begin() as session:
        friend, link = a_friend(session), links.register(session, "x", URL, NOW)
        a_watched_segment(session)
        assert links.tap(session, Tapped(link.id, friend.id, 5), NOW)
        told = session.scalars(select(CustomerEvent).where(CustomerEvent.kind == EventKind.TAPPED)).one()
        assert (told.payload["link"], told.payload["delivery_id"]) == ("x", 5)
        facts = session.get_one(Facts, friend.id, populate_existing=True)
        assert (facts.tap_count, facts.last_reaction_at) == (1, NOW)
        assert friend.id in set(session.scalars(select(Touched.friend_id)))
        (tally,) = links.tallies(session)
        assert (tally.taps, tally.friends, tally.last_at) == (1, 1, NOW)
        assert [each.friend_id for each in links.taps_of(session, "x")] == [friend.id]
        with pytest.raises(NotFound, match="link_name_unknown"):
            links.taps_of(session, "y")


def test_two_taps_within_seconds_are_one(database: Database) -> None:
    with database.begin() as session:
        friend, other = a_friend(session), a_friend(session)
        link = links.register(session, "x", URL, NOW)
        told = [
            links.tap(session, Tapped(link.id, who.id, None), NOW + timedelta(seconds=after))
            for who, after in ((friend, 0), (friend, 4), (other, 4), (friend, 5))
        ]
        assert (told, taps(session)) == ([True, False, True, True], 3)


def test_taps_at_once_count_once(database: Database) -> None:
    with database.begin() as session:
        friend, link = a_friend(session), links.register(session, "x", URL, NOW)

    def tap() -> None:
        with database.begin() as session:
            links.tap(session, Tapped(link.id, friend.id, None), NOW)

    threads = [Thread(target=tap) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    with database.reading() as session:
        assert (taps(session), session.get_one(Facts, friend.id).tap_count) == (1, 1)


def test_strangers_and_links_that_are_gone_count_nothing(database: Database) -> None:
    with database.begin() as session:
        friend, link = a_friend(session), links.register(session, "x", URL, NOW)
        assert not links.tap(session, Tapped(link.id, friend.id + 999, None), NOW)
        assert not links.tap(session, Tapped(link.id + 999, friend.id, None), NOW)
        assert taps(session) == 0


def test_taps_go_with_the_friend_into_whom_a_row_is_merged(database: Database) -> None:
    with database.begin() as session:
        imported, friend = a_friend(session, line_user_id=None), a_friend(session)
        link = links.register(session, "x", URL, NOW)
        links.tap(session, Tapped(link.id, imported.id, None), NOW)
        merging.merge(session, imported, into=friend, now=NOW)
        assert session.scalars(select(LinkTap.friend_id)).all() == [friend.id]
        assert session.get(Friend, imported.id) is None
