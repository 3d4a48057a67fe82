"""Messages tried on a sample of real friends: who is in it, what it tells, and that nothing is written by it."""

from typing import Any

import pytest
from sqlalchemy import func, select

from scheduler import sample_renders, scenario_wordings
from scheduler.sample_renders import AT_EACH_END, LOOKED_AT, Tried, try_each, try_one
from scheduler.whom import Whom
from segments import audience, shop
from segments.conditions import parse
from segments.db import Database
from segments.models import Friend
from segments.shop import Shop
from tests.asking import asked_of
from tests.builders import a_friend, a_product, a_purchase, days_ago, many_friends
from tests.fakes.clock import A_SATURDAY as NOW

REGULAR = Whom(condition=parse({"is": "stage", "stages": ["regular"]}))


def said(ja: str, en: str = "") -> dict[str, Any]:
    texts = {"ja": ja, "en": en}
    return {language: [{"type": "text", "text": text}] for language, text in texts.items() if text}


NUMBER = said("会員番号は{{ member_number }}です。")


def test_friends_of_whom_a_fact_is_missing_are_counted_with_the_reason(database: Database) -> None:
    with database.begin() as session:
        many_friends(session, 3)
        a_friend(session, member_number="M1")
        a_friend(session, followed_at=None)
    with database.reading() as session:
        assert try_one(session, NUMBER, NOW) == Tried(4, {"fact_missing:member_number": 3})
        assert try_one(session, said("{{ member_number or 'まだ' }}"), NOW) == Tried(4, {})
        assert try_one(session, said("{{ name_sama }}"), NOW).failed == 0


def test_a_message_that_is_the_same_for_all_asks_nothing(database: Database) -> None:
    with database.begin() as session:
        a_friend(session)
    with asked_of(database) as statements, database.reading() as session:
        assert try_one(session, said("こんにちは", "Hello"), NOW) == Tried()
    assert not [each for each in statements if "friends" in each]


def test_each_friend_is_tried_in_their_own_language(database: Database) -> None:
    content = said("いつもありがとうございます、{{ name }}", "{{ member_number }}")
    with database.begin() as session:
        many_friends(session, 2)
        many_friends(session, 3, language="en")
        a_friend(session, language="fr")
    with database.reading() as session:
        assert try_one(session, content, NOW) == Tried(6, {"fact_missing:member_number": 3})


def test_reasons_are_told_the_most_frequent_first(database: Database) -> None:
    content = said("{% if member_number %}{{ last_product.name }}{% else %} {% endif %}")
    with database.begin() as session:
        a_friend(session, member_number="M1")
        many_friends(session, 2)
    with database.reading() as session:
        tried = try_one(session, content, NOW)
    assert list(tried.failing.items()) == [("empty_text:text", 2), ("fact_missing:last_product.name", 1)]
    assert tried.failed == 3


def test_nothing_is_written_and_a_code_that_would_be_given_is_made_up(database: Database) -> None:
    content = said("{{ referral_code }} {{ cause.order_id }} {{ recommended.name or 'x' }} {{ name }}")
    with database.begin() as session:
        friend = a_friend(session)
        a_friend(session, referral_code="OWNCODE1")
        a_purchase(session, friend)
        a_product(session)
    with asked_of(database) as statements, database.begin() as session:
        assert try_one(session, content, NOW) == Tried(2, {})
        assert not session.new
        assert not session.dirty
    assert not [each for each in statements if each.startswith(("INSERT", "UPDATE", "DELETE"))]
    with database.reading() as session:
        codes = set(session.scalars(select(Friend.referral_code)))
    assert codes == {None, "OWNCODE1"}


def test_a_link_to_pass_on_is_missing_for_all_where_the_shop_has_not_told_its_account(
    database: Database,
) -> None:
    with database.begin() as session:
        many_friends(session, 2)
    with database.reading() as session:
        missing = try_one(session, said("{{ referral_url }}"), NOW)
    with database.begin() as session:
        shop.save(session, Shop(basic_id="@cha"), NOW)
    with database.reading() as session:
        known = try_one(session, said("{{ referral_url }}"), NOW)
    assert (missing.failing, known.failing) == ({"fact_missing:referral_url": 2}, {})


def test_an_audience_by_condition_or_as_a_list_is_what_is_tried(database: Database) -> None:
    with database.begin() as session:
        many_friends(session, 2, member_number=None)
        many_friends(session, 3, facts={"stage": "regular"})
        listed = [a_friend(session, member_number=f"M{number}").id for number in range(4)]
        list_id = audience.freeze_list(session, listed, "list.csv", NOW).id
    with database.reading() as session:
        assert try_one(session, NUMBER, NOW, REGULAR) == Tried(3, {"fact_missing:member_number": 3})
        assert try_one(session, NUMBER, NOW, Whom(audience_id=list_id)) == Tried(4, {})
        nobody = Whom(condition=parse({"is": "stage", "stages": ["exit"]}))
        assert try_one(session, NUMBER, NOW, nobody) == Tried(0, {})


def test_what_started_a_scenario_is_made_up_but_nothing_starts_a_send_to_an_audience(
    database: Database,
) -> None:
    with database.begin() as session:
        a_friend(session, facts={"stage": "regular"})
    with database.reading() as session:
        assert try_one(session, said("{{ cause.order_id }}"), NOW).failed == 0
        assert try_one(session, said("{{ cause.order_id }}"), NOW, REGULAR).failed == 1


def test_the_newest_and_the_oldest_are_tried(database: Database) -> None:
    with database.begin() as session:
        ids = [friend.id for friend in many_friends(session, 3 * AT_EACH_END)]
    with database.reading() as session:
        assert sample_renders.sample(session, NOW) == ids[:AT_EACH_END] + ids[-AT_EACH_END:]


@pytest.mark.parametrize("scattered", [7, 3 * AT_EACH_END])
def test_few_friends_far_from_the_ends_are_found_as_well(database: Database, scattered: int) -> None:
    with database.begin() as session:
        many_friends(session, LOOKED_AT)
        middle = [friend.id for friend in many_friends(session, scattered, facts={"stage": "regular"})]
        many_friends(session, LOOKED_AT)
    with database.reading() as session:
        expected = middle if scattered < 2 * AT_EACH_END else middle[:AT_EACH_END] + middle[-AT_EACH_END:]
        assert sample_renders.sample(session, NOW, REGULAR) == expected


def test_several_messages_share_a_handful_of_queries(database: Database) -> None:
    contents = {number: said(f"{number} {{{{ last_product.name }}}} {{{{ name }}}}") for number in range(20)}
    counts: list[int] = []
    for more in (2, 150):
        with database.begin() as session:
            many_friends(session, more)
        with asked_of(database) as statements, database.reading() as session:
            tried = try_each(session, contents, NOW)
            counts.append(len(statements))
        assert {each.friends for each in tried.values()} == {2 if more == 2 else 100}
    assert max(counts) <= 12, counts


def test_a_message_that_is_no_longer_understood_goes_to_nobody(database: Database) -> None:
    with database.begin() as session:
        many_friends(session, 2)
        count = session.scalar(select(func.count()).select_from(Friend))
    with database.reading() as session:
        assert try_one(session, said("{% import 'x' %}"), NOW) == Tried(count or 0, {"template_failed": 2})


def test_the_words_of_a_scenario_file_are_tried_and_told_by_step(database: Database) -> None:
    text = (
        '{"kokyaku": "scenario", "name": "秋", "starts": {"event": "purchased"}, "steps": ['
        '{"do": "message", "name": "お礼", "message": {"content": {"ja": [{"type": "text", "text": "{{ name }}"}]}}},'
        '{"do": "branch", "if": {"is": "everyone"}, "no": [{"do": "message", "name": "番号", "message": '
        '{"content": {"ja": [{"type": "text", "text": "{{ member_number }}"}]}}}]}]}'
    )
    with database.begin() as session:
        a_friend(session, created_at=days_ago(3))
    with database.reading() as session:
        ((wording, tried),) = scenario_wordings.try_all(session, text, NOW)
    assert (wording.at, wording.step) == ("steps.1.no.0", "番号")
    assert tried == Tried(1, {"fact_missing:member_number": 1})
