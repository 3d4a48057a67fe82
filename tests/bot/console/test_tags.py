"""Tags in the console: listed, made, renamed wherever they are named, led by a segment, deleted when nothing uses them."""

import pytest
from sqlalchemy import select

from bot.models import Role
from scheduler import scenario_starts, tag_uses
from scheduler.models import Broadcast, BroadcastState, Scenario, Step
from segments import saved, tags
from segments.conditions import parse
from segments.db import Database
from segments.errors import Conflict, Invalid, NotFound
from segments.models import Segment, SegmentVersion, Tag
from tests.bot.browsing import Visitor
from tests.builders import a_friend, a_scenario
from tests.fakes.clock import A_SATURDAY as NOW

PAGE = "/console/tags/"
VIP = {"is": "tag", "names": ["VIP", "お茶会"]}


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    return visitor.log_in()


def tagged(database: Database, name: str, count: int = 1) -> int:
    with database.begin() as session:
        for _ in range(count):
            tags.tag(session, a_friend(session).id, name, NOW, "operator:1")
        return tags.ensure(session, name, NOW).id


def names(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Tag.name).order_by(Tag.name)))


def test_a_tag_is_made_renamed_and_deleted(owner: Visitor) -> None:
    assert "まだタグがありません" in owner.get(PAGE).text
    assert owner.post(PAGE, {"name": " 新茶 "}).status_code == 302
    for wrong, words in (("", "1〜64文字"), ("新茶", "すでにあります"), ("あ" * 65, "1〜64文字")):
        answer = owner.post(PAGE, {"name": wrong})
        assert (answer.status_code, words in answer.text) == (422, True), wrong
    number = tagged(owner.services.database, "新茶", 3)
    assert "3人" in owner.get(PAGE).text
    answer = owner.post(f"{PAGE}{number}/rename", {"name": "　"})
    assert (answer.status_code, "1〜64文字" in answer.text) == (422, True)
    assert owner.post(f"{PAGE}{number}/rename", {"name": "新茶2027"}).status_code == 302
    assert names(owner.services.database) == ["新茶2027"]
    assert "3人からこのタグが外れます。" in owner.get(f"{PAGE}{number}/delete").text
    assert "3人から外れました" in owner.client.get(owner.post(f"{PAGE}{number}/delete").location).text
    assert names(owner.services.database) == []
    assert owner.get(f"{PAGE}{number}").status_code == 404


def test_a_rule_is_set_and_dropped_and_a_circle_is_told_beside_it(owner: Visitor) -> None:
    database = owner.services.database
    number = tagged(database, "VIP")
    with database.begin() as session:
        lead = saved.create(session, "上位", parse({"is": "spend", "at_least": 9}), "test", NOW).id
        circle = saved.create(session, "輪", parse({"is": "tag", "names": ["VIP"]}), "test", NOW).id
    answer = owner.post(f"{PAGE}{number}/rule", {"segment": str(circle)})
    assert (answer.status_code, "このタグ自身を条件にしています" in answer.text) == (422, True)
    assert owner.post(f"{PAGE}{number}/rule", {"segment": str(lead)}).status_code == 302
    assert "セグメント「上位」" in owner.get(PAGE).text
    assert "ルール:" in owner.get(f"{PAGE}{number}/delete").text
    assert owner.post(f"{PAGE}{number}/delete").status_code == 409
    with database.reading() as session:
        assert saved.load(session, lead).watched
    owner.post(f"{PAGE}{number}/rule", {"segment": ""})
    with database.reading() as session:
        assert not saved.load(session, lead).watched


def test_a_viewer_reads_but_changes_nothing(owner: Visitor) -> None:
    number = tagged(owner.services.database, "VIP")
    viewer = Visitor(owner.app).log_in(Role.VIEWER, "miru")
    assert viewer.get(f"{PAGE}{number}").status_code == 200
    assert viewer.get(f"{PAGE}{number}/delete").status_code == 403
    for path in ("", f"{number}/rename", f"{number}/rule", f"{number}/delete"):
        assert viewer.post(PAGE + path, {"name": "x"}).status_code == 403


def test_a_new_name_reaches_everything_that_names_the_tag(database: Database) -> None:
    tagged(database, "VIP", 2)
    tagged(database, "お茶会")
    with database.begin() as session:
        saved.create(session, "会", parse({"is": "none", "of": [VIP]}), "test", NOW)
        scenario = a_scenario(
            session,
            {"condition": VIP, "effects": {"tag": "VIP", "coupon": "welcome"}},
            name="追う",
            condition=VIP,
            trigger=scenario_starts.on_tag("VIP"),
        )
        scenario.goal = {"event": "tagged", "where": {"tag": ["お茶会", "VIP"]}}
        waiting = Broadcast(name="知らせ", condition=VIP, created_at=NOW)
        done = Broadcast(name="済み", condition=VIP, created_at=NOW, state=BroadcastState.DONE)
        session.add_all([waiting, done])
        session.flush()
        numbers = waiting.id, done.id
    with database.reading() as session:
        assert [(use.kind, use.name) for use in tag_uses.of(session, "VIP")] == [
            ("segment", "会"),
            ("scenario", "追う"),
            ("broadcast", "知らせ"),
        ]
    with database.begin() as session:
        tag_uses.rename(session, "VIP", "特別", "operator:1", NOW)
    new = {"is": "tag", "names": ["特別", "お茶会"]}
    with database.reading() as session:
        segment = session.scalars(select(Segment)).one()
        assert segment.condition["of"][0]["names"] == ["特別", "お茶会"]
        assert (segment.version, len(session.scalars(select(SegmentVersion)).all())) == (2, 2)
        scenario = session.scalars(select(Scenario)).one()
        assert (scenario.condition, scenario.trigger) == (new, scenario_starts.on_tag("特別"))
        assert scenario.goal == {"event": "tagged", "where": {"tag": ["お茶会", "特別"]}}
        step = session.scalars(select(Step)).one()
        assert (step.condition, step.effects) == (new, {"tag": "特別", "coupon": "welcome"})
        assert session.get_one(Broadcast, numbers[0]).condition == new
        assert session.get_one(Broadcast, numbers[1]).condition == VIP
        assert tag_uses.of(session, "VIP") == []


def test_a_tag_that_is_used_is_not_deleted_and_names_are_told_apart(database: Database) -> None:
    tagged(database, "VIP")
    with database.begin() as session:
        tags.ensure(session, "お茶会", NOW)
        saved.create(session, "会", parse(VIP), "test", NOW)
    with database.begin() as session:
        with pytest.raises(Conflict) as refused:
            tag_uses.delete(session, "VIP")
        assert refused.value.params == {"names": "会"}
        with pytest.raises(Conflict, match="tag_name_taken"):
            tag_uses.rename(session, "VIP", "お茶会", "a", NOW)
        with pytest.raises(Invalid, match="tag_invalid"):
            tag_uses.rename(session, "VIP", " ", "a", NOW)
        with pytest.raises(NotFound):
            tag_uses.delete(session, "いない")
        assert tag_uses.rename(session, "VIP", "VIP", "a", NOW) == []
