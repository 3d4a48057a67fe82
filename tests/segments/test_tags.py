"""Tags: put on once, taken off, made when first used."""

import pytest

from segments import rule_tags, tags
from segments.db import Database
from segments.errors import Invalid, NotFound
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW


def test_a_tag_is_put_on_once_and_taken_off(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        assert tags.tag(session, friend.id, " 常連候補 ", NOW, "operator:1")
        assert not tags.tag(session, friend.id, "常連候補", NOW, "operator:2")
        tags.tag(session, friend.id, "VIP", NOW, "import:1")
        assert tags.names_of(session, friend.id) == ["VIP", "常連候補"]
        assert tags.untag(session, friend.id, "VIP")
        assert not tags.untag(session, friend.id, "VIP")
        assert tags.names_of(session, friend.id) == ["常連候補"]


def test_many_friends_are_tagged_at_once(database: Database) -> None:
    with database.begin() as session:
        ids = [a_friend(session).id for _ in range(3)]
        tags.tag(session, ids[0], "VIP", NOW, "operator:1")
        assert tags.tag_many(session, ids, "VIP", NOW, "operator:1") == 2


@pytest.mark.parametrize("name", ["", "  ", "あ" * 65])
def test_a_tag_needs_a_name_of_sensible_length(sqlite: Database, name: str) -> None:
    with sqlite.begin() as session, pytest.raises(Invalid, match="tag_invalid"):
        tags.ensure(session, name, NOW)


@pytest.mark.parametrize("name", ["a\x00b", "a\ud800"])
def test_a_name_that_no_database_holds_is_refused_or_not_there(database: Database, name: str) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        with pytest.raises(Invalid, match="tag_invalid"):
            tags.tag(session, friend.id, name, NOW, "operator:1")
        assert not tags.untag(session, friend.id, name)
        with pytest.raises(NotFound, match="tag_unknown"):
            rule_tags.drop_rule(session, name)
