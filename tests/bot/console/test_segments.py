"""Segments in the console: made, counted, changed without overwriting anybody, explained, watched, exported, deleted."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from bot.console.segment_starts import STARTS
from bot.models import AuditEntry, Role
from scheduler import scenario_edits
from segments import audience, members_filling, rule_tags, saved, segment_moves
from segments.conditions import All, dump, parse
from segments.models import Segment, SegmentSize, Tag
from tests.bot.browsing import Visitor
from tests.bot.console.sent_forms import sent
from tests.builders import a_friend, a_scenario
from tests.fakes.clock import A_SATURDAY as NOW

PAGE = "/console/segments/"
TWICE = {"is": "purchase_count", "at_least": 2}


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    return visitor.log_in()


def a_segment(owner: Visitor, name: str = "常連", condition: object = TWICE) -> int:
    with owner.services.database.begin() as session:
        return saved.create(session, name, parse(condition), "test", NOW).id


def friends(owner: Visitor, *purchases: int) -> list[int]:
    with owner.services.database.begin() as session:
        made = [
            a_friend(session, display_name=f"友だち{count}号", facts={"purchase_count": count})
            for count in purchases
        ]
        return [each.id for each in made]


def conditions_of(owner: Visitor) -> dict[str, object]:
    with owner.services.database.reading() as session:
        return {each.name: each.condition for each in session.scalars(select(Segment))}


def sent_from(owner: Visitor, path: str, button: str = "", **changed: str) -> dict[str, object]:
    """Return every field of the form at `path` as a browser sends it."""
    return dict(sent(owner.get(path).text, button, **changed).lists())


def test_a_segment_is_made_from_a_start_counted_and_listed(owner: Visitor) -> None:
    friends(owner, 0, 1, 2, 3)
    page = owner.get(f"{PAGE}new").text
    assert "よく使われる条件から始める" in page
    assert "2回以上購入し、7日以内に次の購入が見込まれ、14日間連絡していない友だち" in page
    fields = sent_from(owner, f"{PAGE}new?start=due")
    assert owner.post(f"{PAGE}new", fields | {"name": "そろそろ"}).status_code == 302
    assert list(conditions_of(owner)) == ["そろそろ"]
    listed = owner.get(PAGE).text
    assert "2回以上購入、かつ次の購入予定が7日以内、かつ最後の配信が14日以上前（または一度もない）" in listed
    assert "0人" in listed
    with owner.services.database.reading() as session:
        assert session.scalars(select(SegmentSize.size)).all() == [0]
        assert session.scalars(select(AuditEntry.action)).all()[-1] == "segment_created"


def test_every_start_can_be_saved_and_counted_as_it_is(owner: Visitor) -> None:
    with owner.services.database.reading() as session:
        for start in STARTS:
            assert audience.count(session, parse(start.condition), NOW) == 0
    for start in STARTS:
        fields = sent_from(owner, f"{PAGE}new?start={start.key}")
        assert owner.post(f"{PAGE}new", fields | {"name": start.title}).status_code == 302, start.key
    assert {json.dumps(each) for each in conditions_of(owner).values()} == {
        json.dumps(dump(parse(start.condition))) for start in STARTS
    }


def test_a_segment_is_built_without_scripts_and_nothing_typed_is_lost_on_the_way(owner: Visitor) -> None:
    friends(owner, 1, 2, 3)
    fields: dict[str, object] = sent_from(owner, f"{PAGE}new", "add:", c__new="purchase_count")
    answer = owner.post(f"{PAGE}new", fields | {"name": "二回"})
    assert answer.status_code == 200
    assert 'value="二回"' in answer.text
    fields = dict(sent(answer.text, "count", c__0__at_least="2").lists())
    answer = owner.post(f"{PAGE}new", fields | {"name": "二回"})
    assert "2人</strong>" in answer.text
    assert "友だち3号" in answer.text
    answer = owner.post(f"{PAGE}new", dict(sent(answer.text, c__0__at_least="").lists()) | {"name": "二回"})
    assert answer.status_code == 422
    assert "どれか1つは入力してください。" in answer.text
    answer = owner.post(f"{PAGE}new", dict(sent(answer.text, c__0__at_least="2").lists()) | {"name": ""})
    assert (answer.status_code, "名前を" in answer.text) == (422, True)
    answer = owner.post(f"{PAGE}new", dict(sent(answer.text).lists()) | {"name": "二回"})
    assert answer.status_code == 302
    assert conditions_of(owner) == {"二回": dump(All(of=[parse(TWICE)]))}


def test_two_who_edit_at_once_do_not_overwrite_each_other(owner: Visitor) -> None:
    number = a_segment(owner)
    path = f"{PAGE}{number}/edit"
    mine = sent_from(owner, path, c__0__at_least="5") | {"version": "1", "name": "常連"}
    theirs = sent_from(owner, path, c__0__at_least="3") | {"version": "1", "name": "常連さん"}
    assert owner.post(path, theirs).status_code == 302
    answer = owner.post(path, mine)
    assert answer.status_code == 409
    assert "花子がこのセグメントを変えました" in answer.text
    assert "いまの内容: 常連さん: 3回以上購入" in answer.text
    assert 'name="c.0.at_least" value="5"' in answer.text
    assert conditions_of(owner) == {"常連さん": {"version": 1, "is": "purchase_count", "at_least": 3}}
    assert 'name="version" value="2"' in answer.text
    assert owner.post(path, mine | {"version": "2"}).status_code == 302
    assert conditions_of(owner)["常連"] == {"version": 1, "is": "purchase_count", "at_least": 5}
    assert "変更の履歴（3件）" in owner.get(f"{PAGE}{number}").text


def test_a_name_that_is_taken_is_told_beside_it(owner: Visitor) -> None:
    a_segment(owner, "常連")
    answer = owner.post(f"{PAGE}new", sent_from(owner, f"{PAGE}new") | {"name": "常連"})
    assert (answer.status_code, "セグメント「常連」はすでにあります。" in answer.text) == (422, True)


def test_a_copy_begins_with_the_same_condition_and_changes_nothing(owner: Visitor) -> None:
    number = a_segment(owner)
    page = owner.get(f"{PAGE}new?copy={number}").text
    assert 'value="常連のコピー"' in page
    assert 'name="c.0.at_least" value="2"' in page
    assert owner.get(f"{PAGE}new?copy=99999").status_code == 404


def test_the_count_tells_what_a_change_would_change(owner: Visitor) -> None:
    number = a_segment(owner)
    friends(owner, 1, 2, 3, 4)
    fields = sent_from(owner, f"{PAGE}{number}/edit", c__0__at_least="", c__0__at_most="2")
    answer = owner.post("/console/conditions/count", fields | {"prefix": "c"})
    assert "いま保存すると、1人が新しく入り、2人が外れます。" in answer.text
    assert "2人</strong>" in answer.text
    wrong = fields | {"prefix": "c", "c.0.at_most": "x"}
    assert "0から1,000,000,000までの数字" in owner.post("/console/conditions/count", wrong).text
    assert owner.post("/console/conditions/count", {"prefix": "<c>"}).status_code == 400


def test_one_friend_is_found_by_name_and_told_why(owner: Visitor) -> None:
    number = a_segment(owner)
    (once, thrice) = friends(owner, 1, 3)
    page = owner.get(f"{PAGE}{number}?who=3号").text
    assert f"{PAGE}{number}?friend={thrice}" in page
    assert "含まれます。" in owner.get(f"{PAGE}{number}?friend={thrice}").text
    page = owner.get(f"{PAGE}{number}?friend={once}").text
    assert "含まれません。" in page
    assert "この友だち: 1回購入しています" in page
    assert "当てはまる友だちはいません" in owner.get(f"{PAGE}{number}?who=いない").text


def test_a_segment_in_use_names_its_uses_and_is_not_deleted(owner: Visitor) -> None:
    number = a_segment(owner)
    other = a_segment(owner, "ほか", {"is": "segment", "segment_id": number})
    with owner.services.database.begin() as session:
        rule_tags.set_rule(session, "常連タグ", number, NOW)
        scenario = a_scenario(session, name="追う", condition={"is": "segment", "segment_id": number})
        scenario_id = scenario.id
    for path in (f"{PAGE}{number}", f"{PAGE}{number}/edit", f"{PAGE}{number}/delete", PAGE):
        page = owner.get(path).text
        for words in ("セグメント「ほか」", "シナリオ「追う」", "タグ「常連タグ」"):
            assert words in page, (path, words)
    assert "セグメントを削除する" not in owner.get(f"{PAGE}{number}/delete").text
    answer = owner.post(f"{PAGE}{number}/delete")
    assert (answer.status_code, "使われているため、削除できません" in answer.text) == (409, True)
    with owner.services.database.begin() as session:
        rule_tags.drop_rule(session, "常連タグ")
        scenario_edits.delete(session, scenario_id, NOW)
        saved.delete(session, other)
    assert owner.post(f"{PAGE}{number}/delete").status_code == 302
    assert conditions_of(owner) == {}
    assert "まだセグメントがありません" in owner.get(PAGE).text


def test_who_comes_and_goes_is_counted_once_a_segment_is_watched(owner: Visitor) -> None:
    number = a_segment(owner)
    owner.post(f"{PAGE}{number}/watch", {"watch": "1"})
    with owner.services.database.begin() as session:
        segment = saved.load(session, number)
        assert (segment.watched, segment.kept_by_hand) == (True, True)
        while members_filling.fill(session, NOW):
            pass
        for day, (entered, left) in enumerate(((3, 1), (0, 2))):
            on = (NOW - timedelta(days=day)).date()
            segment_moves.tally(session, number, on, entered, left)
            segment_moves.tally(session, number, on, 1, 0)
            session.add(SegmentSize(segment_id=number, day=on, size=10 + day))
    page = owner.get(f"{PAGE}{number}").text
    assert "のべ5人" in page
    assert "のべ3人" in page
    assert "出入りの記録をやめる" in page
    lines = owner.get(f"{PAGE}{number}/growth.csv").text.splitlines()
    assert lines == ["\ufeff日付,人数,入った人数,外れた人数", "2026-11-20,11,1,2", "2026-11-21,10,4,1"]
    owner.post(f"{PAGE}{number}/watch", {"watch": "0"})
    with owner.services.database.reading() as session:
        assert not saved.load(session, number).watched


def test_friends_are_exported_as_a_table_and_that_is_noted(owner: Visitor) -> None:
    number = a_segment(owner)
    friends(owner, 1, 2, 3)
    answer = owner.post(f"{PAGE}{number}/export")
    lines = answer.text.splitlines()
    assert lines[0].startswith("\ufeff友だちID,会員番号,名前")
    assert [line.split(",")[2] for line in lines[1:]] == ["友だち2号", "友だち3号"]
    with owner.services.database.reading() as session:
        assert "segment_exported" in session.scalars(select(AuditEntry.action)).all()


def test_a_segment_whose_tag_is_gone_says_so_everywhere_and_is_mended_in_the_form(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        session.add(Tag(name="お茶会", created_at=NOW))
    number = a_segment(owner, "会", {"is": "tag", "names": ["お茶会"]})
    with owner.services.database.begin() as session:
        session.delete(session.scalars(select(Tag)).one())
    assert "「お茶会」が見つかりません" in owner.get(f"{PAGE}{number}").text
    assert "「お茶会」が見つかりません" in owner.get(f"{PAGE}{number}/edit").text
    fields = sent_from(owner, f"{PAGE}{number}/edit") | {"version": "1", "name": "会"}
    assert owner.post(f"{PAGE}{number}/edit", fields).status_code == 422
    answer = owner.post(f"{PAGE}{number}/export")
    assert answer.status_code == 302


def test_a_viewer_reads_but_changes_nothing(owner: Visitor) -> None:
    number = a_segment(owner)
    viewer = Visitor(owner.app).log_in(Role.VIEWER, "miru")
    assert viewer.get(f"{PAGE}{number}").status_code == 200
    assert "名前と条件を編集" not in viewer.get(f"{PAGE}{number}").text
    for path in ("new", f"{number}/edit", f"{number}/delete"):
        assert viewer.get(PAGE + path).status_code == 403
    for path in (f"{number}/export", f"{number}/watch", f"{number}/delete"):
        assert viewer.post(PAGE + path).status_code == 403


def test_the_list_costs_the_same_queries_however_many_segments_there_are(owner: Visitor) -> None:
    asked: list[str] = []
    for number in range(3):
        a_segment(owner, f"群{number}")
    event.listen(owner.services.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    owner.get(PAGE)
    few = len(asked)
    for number in range(3, 20):
        a_segment(owner, f"群{number}")
    asked.clear()
    owner.get(PAGE)
    assert len(asked) == few <= 30


def test_pages_are_in_english_too(owner: Visitor) -> None:
    number = a_segment(owner, "Regulars")
    owner.post("/console/language", {"language": "en", "next": PAGE})
    assert "bought at least twice" in owner.get(PAGE).text
    page = owner.get(f"{PAGE}{number}/edit").text
    assert "at least" in page
    assert "Number of purchases" in page
    assert "Friends for whom" in page


def test_a_broadcast_to_a_segment_begins_with_it_chosen(owner: Visitor) -> None:
    number = a_segment(owner)
    assert f"/console/broadcasts/new?segment={number}" in owner.get(f"{PAGE}{number}").text
    words = {"name": "知らせ", "source": "write", "text_ja": "こんにちは", "purpose": "care"}
    answer = owner.post(f"/console/broadcasts/new?segment={number}", words)
    assert answer.status_code == 302, answer.text
    page = owner.get(answer.location).text
    assert f'<option selected value="{number}">' in page


def test_a_broadcast_to_a_segment_names_it_from_its_first_step_on(owner: Visitor) -> None:
    number = a_segment(owner, "常連さん")
    named = "配信先: <strong>セグメント「常連さん」</strong>"
    begun = f"/console/broadcasts/new?segment={number}"
    assert named in owner.get(begun).text
    assert named in owner.post(begun, {"name": ""}).text, "still there when something has to be mended"
    words = {"name": "知らせ", "source": "write", "text_ja": "こんにちは", "purpose": "care"}
    second = owner.post(begun, words).location
    assert named in owner.get(second.replace("/audience", "/edit")).text
    assert "配信先: <strong>" not in owner.get("/console/broadcasts/new").text
    assert "配信先: <strong>" not in owner.get("/console/broadcasts/new?segment=999").text


def test_an_earlier_version_is_put_back_after_saying_what_uses_the_segment(owner: Visitor) -> None:
    number = a_segment(owner, "常連さん")
    friends(owner, 1, 2, 3)
    with owner.services.database.begin() as session:
        saved.edit(
            session, number, 1, "operator:1", NOW, name="お得意さま",
            condition=parse({"is": "purchase_count", "at_least": 3}),
        )  # fmt: skip
        rule_tags.set_rule(session, "得意", number, NOW)
    asked = f"{PAGE}{number}/versions/1"
    assert f'href="{asked}"' in owner.get(f"{PAGE}{number}").text
    page = owner.get(asked).text
    for words in ("タグ「得意」", "新しく入った友だちに付き", "2回以上購入", "3回以上購入", "2人"):
        assert words in page, words
    assert owner.post(asked, {"seen": "2"}).location == f"{PAGE}{number}"
    assert conditions_of(owner) == {"常連さん": {"version": 1, "is": "purchase_count", "at_least": 2}}
    assert "版3" in owner.get(f"{PAGE}{number}").text
    with owner.services.database.reading() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        assert (entry.action, entry.details) == (
            "segment_restored", {"name": "常連さん", "version": 3, "of": 1},
        )  # fmt: skip


def test_a_version_is_not_put_back_over_somebodys_change(owner: Visitor) -> None:
    number = a_segment(owner)
    with owner.services.database.begin() as session:
        for version in (1, 2):
            saved.edit(
                session, number, version, "test", NOW, condition=parse(TWICE | {"at_least": version + 2})
            )
    answer = owner.post(f"{PAGE}{number}/versions/1", {"seen": "2"})
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert owner.get(f"{PAGE}{number}/versions/3").location == f"{PAGE}{number}"
    assert owner.get(f"{PAGE}{number}/versions/9").status_code == 404


def test_a_viewer_sees_versions_but_no_way_to_put_them_back(visitor: Visitor) -> None:
    visitor.log_in(Role.VIEWER)
    number = a_segment(visitor)
    with visitor.services.database.begin() as session:
        saved.edit(session, number, 1, "test", NOW, name="会員")
    page = visitor.get(f"{PAGE}{number}").text
    assert "変更の履歴（2件）" in page
    assert "この版に戻す" not in page
