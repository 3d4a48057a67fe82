"""Friends: one row each however often they turn up, and the last word on following wins."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from segments import friends, shop
from segments.db import Database
from segments.models import CustomerEvent, Facts, Friend
from segments.shop import Shop
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY as NOW


def kinds(session: Session) -> list[str]:
    """Return the kinds of all news in the order it was made."""
    return [kind.value for kind in session.scalars(select(CustomerEvent.kind).order_by(CustomerEvent.id))]


def test_a_stranger_becomes_one_friend_with_facts(database: Database) -> None:
    def arrive(_: int) -> int:
        with database.begin() as session:
            return friends.ensure(session, "Unew", NOW).id

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(arrive, range(8)))
    with database.reading() as session:
        assert len(ids) == 1
        assert session.scalar(select(func.count()).select_from(Facts)) == 1
        found = friends.by_line_id(session, "Unew")
        assert found is not None
        assert (found.id, found.language, found.fields) == (ids.pop(), "ja", {})
        assert friends.by_line_id(session, "Uother") is None


def test_a_friend_from_elsewhere_has_facts_too(database: Database) -> None:
    with database.begin() as session:
        friend = friends.add(session, NOW, member_number="100", display_name="田中")
        assert session.get_one(Facts, friend.id).stage_reason == "known"


def test_following_is_the_first_time_once(database: Database) -> None:
    with database.begin() as session:
        friend = friends.ensure(session, "U1", days_ago(9))
        assert friends.follow(session, friend, days_ago(9))
        assert not friends.follow(session, friend, days_ago(9))
        friends.block(session, friend, days_ago(5))
        assert friend.blocked_at == days_ago(5)
        assert not friends.follow(session, friend, days_ago(2))
        assert (friend.followed_at, friend.blocked_at) == (days_ago(9), None)
        assert kinds(session) == ["followed", "stage_changed", "blocked", "refollowed"]


def test_news_that_arrives_late_changes_nothing(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, follow_state_at=days_ago(5))
        friends.block(session, friend, days_ago(6))
        assert friend.blocked_at is None
        friends.block(session, friend, days_ago(4))
        assert not friends.follow(session, friend, days_ago(5))
        assert friend.blocked_at == days_ago(4)
        assert kinds(session) == ["blocked"]


def test_opting_out_twice_is_once(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        friends.opt_out(session, friend, days_ago(3))
        friends.opt_out(session, friend, days_ago(2))
        assert friend.opted_out_at == days_ago(3)
        friends.opt_in(session, friend, days_ago(1))
        friends.opt_in(session, friend, NOW)
        assert friend.opted_out_at is None
        assert kinds(session) == ["opted_out", "opted_in"]


def test_a_profile_is_kept_and_what_is_not_told_stays(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session, display_name="花子")
        friends.update_profile(
            session, friend, display_name="Hanako", picture_url="https://x/1", language="en-US", now=NOW
        )
        friends.update_profile(session, friend, display_name=None, picture_url=None, language=None, now=NOW)
        session.refresh(friend)
        assert (friend.display_name, friend.language, friend.picture_url) == ("Hanako", "en", None)
        assert friend.profile_fetched_at == NOW


def test_the_first_route_stays(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        friends.arrive_by(session, friend, "poster", NOW)
        friends.arrive_by(session, friend, "web", NOW)
        assert session.scalars(select(Friend.route)).one() == friend.route == "poster"


def test_a_new_friend_is_spoken_to_in_the_shops_language(database: Database) -> None:
    with database.begin() as session:
        assert friends.ensure(session, "Uja", NOW).language == "ja"
        shop.save(session, Shop(language="en"), NOW)
        assert friends.ensure(session, "Uen", NOW).language == "en"
        assert friends.ensure(session, "Uja", NOW).language == "ja"


def test_the_id_of_a_friend_who_is_gone_is_nobody_elses_ever(database: Database) -> None:
    with database.begin() as session:
        gone = a_friend(session)
        before = gone.id
        session.delete(gone)
        session.flush()
        assert a_friend(session).id > before
