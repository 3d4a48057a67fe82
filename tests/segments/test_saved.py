"""Saved segments: nobody's change is lost, nothing in use goes away, and what is gone is named."""

import pytest
from sqlalchemy import event, select

from segments import audience, condition_known, condition_names, saved
from segments import condition_leaves as leaf
from segments.conditions import All, AnyOf, Condition, InSegment, dump, parse
from segments.db import Database
from segments.errors import Conflict, Invalid, NotFound
from segments.leaves.node import Named
from segments.models import Segment, SegmentVersion, Tag
from tests.builders import a_friend, a_product
from tests.databases import PostgresServer
from tests.fakes.clock import A_SATURDAY as NOW

EVERYONE, BLOCKED = leaf.Everyone(), leaf.Blocked()


def test_a_segment_is_saved_with_its_first_version(database: Database) -> None:
    with database.begin() as session:
        made = saved.create(session, " 全員 ", EVERYONE, "operator:3", NOW)
        assert (made.name, made.version, made.condition) == ("全員", 1, dump(EVERYONE))
        assert [(each.version, each.saved_by) for each in saved.history(session, made.id)] == [
            (1, "operator:3")
        ]


def test_every_change_is_kept_with_who_made_it(database: Database) -> None:
    with database.begin() as session:
        made = saved.create(session, "全員", EVERYONE, "operator:3", NOW)
        saved.edit(session, made.id, 1, "api:2", NOW, condition=BLOCKED)
        changed = saved.rename(session, made.id, 2, "ブロック", "cli", NOW)
        assert (changed.name, changed.version, changed.condition) == ("ブロック", 3, dump(BLOCKED))
        kept = [
            (each.version, each.name, each.condition["is"], each.saved_by)
            for each in saved.history(session, made.id)
        ]
        assert kept == [
            (3, "ブロック", "blocked", "cli"),
            (2, "全員", "blocked", "api:2"),
            (1, "全員", "everyone", "operator:3"),
        ]


def test_who_edits_an_older_version_is_told(database: Database) -> None:
    with database.begin() as session:
        made = saved.create(session, "全員", EVERYONE, "a", NOW)
        saved.edit(session, made.id, 1, "a", NOW, condition=BLOCKED)
        with pytest.raises(Conflict) as refused:
            saved.edit(session, made.id, 1, "b", NOW, condition=EVERYONE)
        assert (refused.value.code, refused.value.params) == ("segment_changed", {"version": 2})
        assert saved.load(session, made.id).condition == dump(BLOCKED)


def test_a_ready_made_segment_gets_its_history_with_its_first_change(database: Database) -> None:
    with database.begin() as session:
        ready = Segment(name="全員", condition=dump(EVERYONE), created_at=NOW, updated_at=NOW)
        session.add(ready)
        session.flush()
        saved.edit(session, ready.id, 1, "a", NOW, condition=BLOCKED)
        assert [each.condition["is"] for each in saved.history(session, ready.id)] == ["blocked", "everyone"]


def test_an_earlier_version_is_put_back_as_a_new_one(database: Database) -> None:
    with database.begin() as session:
        made = saved.create(session, "全員", EVERYONE, "operator:3", NOW)
        saved.edit(session, made.id, 1, "operator:3", NOW, name="ブロック", condition=BLOCKED)
        with pytest.raises(Conflict, match="segment_changed"):
            saved.restore(session, made.id, 1, 1, "operator:4", NOW)
        with pytest.raises(NotFound, match="version_unknown"):
            saved.restore(session, made.id, 2, 9, "operator:4", NOW)
        back = saved.restore(session, made.id, 2, 1, "operator:4", NOW)
        assert (back.name, back.version, back.condition) == ("全員", 3, dump(EVERYONE))
        assert [(each.version, each.saved_by) for each in saved.history(session, made.id)] == [
            (3, "operator:4"), (2, "operator:3"), (1, "operator:3"),
        ]  # fmt: skip


def test_what_is_gone_by_now_is_not_put_back(database: Database) -> None:
    with database.begin() as session:
        session.add(Tag(name="旧", created_at=NOW))
        session.flush()
        made = saved.create(session, "旧", parse({"is": "tag", "names": ["旧"]}), "operator:3", NOW)
        saved.edit(session, made.id, 1, "operator:3", NOW, condition=EVERYONE)
        session.delete(session.scalars(select(Tag).where(Tag.name == "旧")).one())
        session.flush()
        with pytest.raises(Invalid):
            saved.restore(session, made.id, 2, 1, "operator:3", NOW)
        assert saved.load(session, made.id).version == 2


def test_names_are_given_once_and_fit(sqlite: Database) -> None:
    with sqlite.begin() as session:
        first = saved.create(session, "全員", EVERYONE, "a", NOW)
        second = saved.create(session, "別", EVERYONE, "a", NOW)
        for refused in (
            lambda: saved.create(session, "全員", EVERYONE, "a", NOW),
            lambda: saved.rename(session, second.id, 1, "全員", "a", NOW),
        ):
            with pytest.raises(Conflict, match="segment_name_taken"):
                refused()
        with pytest.raises(Invalid, match="name_missing"):
            saved.rename(session, first.id, 1, "  ", "a", NOW)
        with pytest.raises(Invalid, match="name_too_long"):
            saved.rename(session, first.id, 1, "あ" * 129, "a", NOW)


@pytest.mark.parametrize("name", ["二\n行", "a\x00b", "a\x7f", "a\u2028b"])
def test_a_name_has_no_control_characters(sqlite: Database, name: str) -> None:
    with sqlite.begin() as session:
        made = saved.create(session, "全員", EVERYONE, "a", NOW)
        with pytest.raises(Invalid, match="name_invalid"):
            saved.create(session, name, EVERYONE, "a", NOW)
        with pytest.raises(Invalid, match="name_invalid"):
            saved.rename(session, made.id, 1, name, "a", NOW)


def test_of_two_renames_at_once_to_one_name_the_second_is_told_that_it_is_taken(
    postgres: PostgresServer,
) -> None:
    with postgres.copy() as database:
        with database.begin() as session:
            first = saved.create(session, "一", EVERYONE, "a", NOW).id
            second = saved.create(session, "二", EVERYONE, "a", NOW).id
        raced: list[int] = []

        def take_the_name(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            # After the second has looked whether the name is free, and before it takes it.
            if statement.startswith("UPDATE segments") and not raced:
                raced.append(first)
                with database.begin() as other:
                    saved.rename(other, first, 1, "春", "a", NOW)

        event.listen(database.engine, "before_cursor_execute", take_the_name)
        with database.begin() as session:
            with pytest.raises(Conflict) as refused:
                saved.rename(session, second, 1, "春", "b", NOW)
            assert (refused.value.code, refused.value.params) == ("segment_name_taken", {"name": "春"})
            assert (raced, saved.load(session, second).name) == ([first], "二")


def test_a_condition_may_name_twenty_thousand_things_with_those_of_its_segments(sqlite: Database) -> None:
    def goods(lists: int, name: str = "P") -> Condition:
        return AnyOf(of=[leaf.Bought(products=[f"{name}{n}-{k}" for k in range(1000)]) for n in range(lists)])

    parse(dump(goods(20)))
    with pytest.raises(Invalid) as refused:
        parse(dump(AnyOf(of=[goods(20), leaf.Bought(products=["one more"])])))
    assert (refused.value.code, refused.value.params) == ("condition_too_many_names", {"most": 20_000})
    with sqlite.begin() as session:
        # Every single one is looked up, in statements that each database takes.
        assert len(condition_names.missing(session, goods(20))) == 20_000
        made = Segment(name="品", condition=dump(goods(12)), created_at=NOW, updated_at=NOW)
        session.add(made)
        session.flush()
        inside = InSegment(segment_id=made.id)
        condition_known.load(session, All(of=[inside, goods(8, "Q")]))
        with pytest.raises(Invalid, match="condition_too_many_names"):
            condition_known.load(session, All(of=[inside, inside]))


def test_more_names_than_a_statement_takes_are_looked_up(database: Database) -> None:
    codes = [f"P{n}" for n in range(70_000)]
    lists: list[Condition] = [
        leaf.Bought(products=codes[start : start + 1000]) for start in range(0, 70_000, 1000)
    ]
    with database.begin() as session:
        a_product(session, code="P69999")
        gone = condition_names.missing(session, AnyOf(of=lists))
    assert len(gone) == 69_999


def test_what_is_in_use_is_not_deleted(database: Database) -> None:
    with database.begin() as session:
        inner = saved.create(session, "中", EVERYONE, "a", NOW)
        outer = saved.create(session, "外", AnyOf(of=[InSegment(segment_id=inner.id)]), "a", NOW)
        session.add(Tag(name="VIP", segment_id=outer.id, created_at=NOW))
        session.flush()
        assert saved.used_by(session, inner.id) == [saved.Use("segment", outer.id, "外")]
        for segment_id, name in ((inner.id, "外"), (outer.id, "VIP")):
            with pytest.raises(Conflict) as refused:
                saved.delete(session, segment_id)
            assert (refused.value.code, refused.value.params) == ("segment_used", {"names": name})


def test_what_callers_use_is_not_deleted_either(sqlite: Database) -> None:
    with sqlite.begin() as session:
        made = saved.create(session, "全員", EVERYONE, "a", NOW)
        with pytest.raises(Conflict, match="segment_used"):
            saved.delete(session, made.id, [saved.Use("scenario", 7, "ようこそ")])
        saved.delete(session, made.id)
        assert session.scalars(select(SegmentVersion)).all() == []
        with pytest.raises(NotFound, match="segment_unknown"):
            saved.load(session, made.id)


def test_a_segment_stands_for_its_condition_as_it_is_now(database: Database) -> None:
    with database.begin() as session:
        a_friend(session)
        a_friend(session, blocked_at=NOW)
        inner = saved.create(session, "中", EVERYONE, "a", NOW)
        outer = saved.create(session, "外", InSegment(segment_id=inner.id), "a", NOW)
        twice = InSegment(segment_id=outer.id)
        assert audience.count(session, twice, NOW) == 2
        saved.edit(session, inner.id, 1, "a", NOW, condition=BLOCKED)
        assert audience.count(session, twice, NOW) == 1


def test_segments_do_not_contain_themselves(database: Database) -> None:
    with database.begin() as session:
        first = saved.create(session, "一", EVERYONE, "a", NOW)
        second = saved.create(session, "二", All(of=[InSegment(segment_id=first.id)]), "a", NOW)
        for condition in (InSegment(segment_id=second.id), InSegment(segment_id=first.id)):
            with pytest.raises(Invalid) as refused:
                saved.edit(session, first.id, 1, "a", NOW, condition=condition)
            assert refused.value.code == "condition_segment_circle"
            assert "一" in refused.value.params["names"]  # type: ignore[operator]
        # Stored by somebody who did not ask: it is named and not followed for ever.
        first.condition = dump(InSegment(segment_id=second.id))
        session.flush()
        with pytest.raises(Invalid, match="condition_segment_circle"):
            audience.count(session, InSegment(segment_id=first.id), NOW)


def test_segments_within_segments_have_an_end(sqlite: Database) -> None:
    with sqlite.begin() as session:
        latest = saved.create(session, "0", All(of=[BLOCKED] * 7), "a", NOW)
        for number in range(1, 3):
            inside: list[Condition] = [InSegment(segment_id=latest.id)] * 5
            latest = saved.create(session, str(number), All(of=inside), "a", NOW)
        assert condition_known.load(session, InSegment(segment_id=latest.id)).segments
        with pytest.raises(Invalid, match="condition_too_large"):
            saved.create(session, "too large", All(of=[InSegment(segment_id=latest.id)] * 2), "a", NOW)


def test_what_is_gone_inside_a_named_segment_is_named(sqlite: Database) -> None:
    with sqlite.begin() as session:
        session.add(Tag(name="VIP", created_at=NOW))
        session.flush()
        inner = saved.create(session, "中", leaf.Tagged(names=["VIP"]), "a", NOW)
        condition = All(of=[InSegment(segment_id=inner.id), InSegment(segment_id=999)])
        session.delete(session.scalars(select(Tag)).one())
        session.flush()
        assert condition_names.missing(session, condition) == [Named("tag", "VIP"), Named("segment", 999)]
        with pytest.raises(Invalid) as refused:
            audience.count(session, InSegment(segment_id=inner.id), NOW)
        assert (refused.value.code, refused.value.params) == ("condition_tag_missing", {"missing": ["VIP"]})
        with pytest.raises(Invalid, match="condition_tag_missing"):
            saved.create(session, "新", leaf.Tagged(names=["VIP"]), "a", NOW)
