"""The pages about friends: narrowed by their address, written out, tagged together, changed one by one, erased."""

import csv
import json
from io import StringIO

import pytest
from sqlalchemy import func, select

from bot import tagging_jobs
from bot.models import AuditEntry, Role
from scheduler.jobs import Job
from segments import friend_notes, tags
from segments.models import Friend, FriendNote, FriendTag, Tagging, TaggingState
from tests.bot.browsing import Visitor
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY
from tests.fakes.queue import FakeQueue


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    return visitor.log_in()


def add(visitor: Visitor, name: str, **values: object) -> int:
    """Add a friend and return their id."""
    with visitor.services.database.begin() as session:
        return a_friend(session, display_name=name, **values).id  # type: ignore[arg-type]


def test_the_address_narrows_the_list_by_tag_stage_and_any_condition(owner: Visitor) -> None:
    regular = add(owner, "常連さん", facts={"stage": "regular"})
    add(owner, "見込みさん", facts={"stage": "prospect"})
    with owner.services.database.begin() as session:
        tags.tag(session, regular, "お茶", A_SATURDAY, "operator:1")
    where = json.dumps({"is": "stage", "stages": ["regular"]})
    for query in ({"stage": "regular"}, {"tag": "お茶"}, {"q": "お茶"}, {"where": where}):
        page = owner.client.get("/console/friends/", query_string=query).text
        assert "1人が当てはまります" in page, query
        assert ("常連さん" in page, "見込みさん" in page) == (True, False), query


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"tag": "ない"}, "「ない」というタグはありません。"),
        ({"segment": "77"}, "セグメントは見つかりません"),
        ({"where": "{broken"}, "条件を読み取れませんでした"),
        ({"where": '{"is": "nonsense"}'}, "条件を読み取れませんでした"),
        ({"where": '{"is": "tag", "names": ["消えた"]}'}, "消えた"),
    ],
)
def test_an_address_that_makes_no_sense_is_told(owner: Visitor, query: dict[str, str], words: str) -> None:
    page = owner.client.get("/console/friends/", query_string=query)
    assert (page.status_code, words in page.text) == (200, True)


def test_a_condition_is_built_on_a_page_of_its_own(owner: Visitor) -> None:
    assert "この条件で絞り込む" in owner.get("/console/friends/conditions?q=a").text
    answer = owner.submit("/console/friends/conditions", {"q": "a", "c.is": "all"})
    assert (answer.status_code, answer.location) == (302, "/console/friends/?q=a")


def test_what_the_list_shows_is_written_out_safely(owner: Visitor) -> None:
    add(owner, "=1+1", member_number="M-1", timezone="Asia/Seoul")
    add(owner, "別の人")
    answer = owner.get("/console/friends/export.csv?q=M-1")
    lines = list(csv.reader(StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert (answer.mimetype, len(lines), lines[1][1:3]) == ("text/csv", 2, ["M-1", "'=1+1"])
    assert dict(zip(*lines, strict=True))["タイムゾーン"] == "Asia/Seoul"


def test_friends_that_were_ticked_are_tagged_after_a_look_at_how_many(owner: Visitor) -> None:
    ids = [add(owner, f"友{number}") for number in range(3)]
    fields = {"whom": "ticked", "id": ids[:2], "name": "新茶", "what": "add"}
    asked = owner.submit("/console/friends/", fields, to="/console/friends/taggings/ask").text
    assert "2人に「新茶」のタグを付けます。" in asked
    owner.submit("/console/friends/", fields, to="/console/friends/taggings/")
    with owner.services.database.reading() as session:
        assert sorted(session.scalars(select(FriendTag.friend_id))) == ids[:2]
        noted = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert noted is not None
        assert (noted.action, noted.details["friends"]) == ("friends_tagged", 2)


def test_many_are_tagged_by_a_job_that_can_be_watched_stopped_and_undone(owner: Visitor) -> None:
    services = owner.services
    with services.database.begin() as session:
        for _ in range(tagging_jobs.AT_ONCE + 1):
            a_friend(session)
    fields = {"whom": "found", "name": "新茶", "what": "add"}
    answer = owner.submit("/console/friends/", fields, to="/console/friends/taggings/")
    assert answer.location == "/console/friends/taggings/1"
    assert "ここで止める" in owner.get(answer.location).text
    assert isinstance(services.queue, FakeQueue)

    def work(number: object) -> None:
        tagging_jobs.run(services.database, services.clock, int(str(number)))

    services.queue.run({Job.TAG_FRIENDS: work})
    assert owner.get("/console/friends/taggings/1/progress").json == {
        "state": "done",
        "done": 501,
        "total": 501,
        "counts": {"changed": 501},
    }
    assert "501人に新しく付きました。" in owner.get(answer.location).text
    owner.post("/console/friends/taggings/1/undo")
    services.queue.run({Job.TAG_FRIENDS: work})
    with services.database.reading() as session:
        assert session.get_one(Tagging, 1).state is TaggingState.UNDONE
        assert session.scalar(select(func.count()).select_from(FriendTag)) == 0


def test_a_filter_whose_tag_is_gone_never_tags_everybody(owner: Visitor) -> None:
    add(owner, "友")
    fields = {"whom": "found", "tag": "消えた", "name": "新茶", "what": "add"}
    answer = owner.submit("/console/friends/", fields, to="/console/friends/taggings/")
    assert answer.location.startswith("/console/friends/?")
    assert "もう一度絞り込んでください" in owner.get("/console/friends/").text
    with owner.services.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Tagging)) == 0


def test_a_friend_is_tagged_noted_and_stopped_by_hand(owner: Visitor) -> None:
    friend = add(owner, "佐藤")
    page = f"/console/friends/{friend}"
    owner.submit(page, {"name": "常連"}, to=f"{page}/tags")
    owner.submit(page, {"text": "甘いものが苦手"}, to=f"{page}/notes")
    for wish in ("stop_all", "stop_offers"):
        owner.submit(page, {"wish": wish}, to=f"{page}/consent")
    shown = owner.get(page).text
    for words in ("常連", "甘いものが苦手", "配信を再開する", "ご案内を再開する"):
        assert words in shown, words
    owner.submit(page, {"name": "常連"}, to=f"{page}/tags/remove")
    owner.submit(page, {}, to=f"{page}/notes/1/remove")
    owner.submit(page, {"wish": "allow_all"}, to=f"{page}/consent")
    with owner.services.database.reading() as session:
        stored = session.get_one(Friend, friend)
        assert (stored.opted_out_at, stored.offers_opted_out_at) == (None, A_SATURDAY)
        assert session.scalars(select(FriendTag)).all() == []
        assert session.scalars(select(FriendNote)).all() == []


def test_a_note_that_is_too_long_is_shown_again(owner: Visitor) -> None:
    friend = add(owner, "佐藤")
    text = "あ" * (friend_notes.LONGEST + 1)
    answer = owner.submit(f"/console/friends/{friend}", {"text": text}, to=f"/console/friends/{friend}/notes")
    assert (answer.status_code, text in answer.text) == (422, True)


def test_a_record_with_a_mistake_is_not_saved_and_nothing_typed_is_lost(owner: Visitor) -> None:
    friend = add(owner, "佐藤", fields={"来店": 3})
    page = f"/console/friends/{friend}/edit"
    seen = next(form.fields["seen"] for form in owner.forms(page) if "seen" in form.fields)
    fields = {
        "seen": seen,
        "kana": "サトウ",
        "email": "nowhere",
        "birthday": "",
        "member_number": "",
        "language": "ja",
        "field_name": ["来店", "好み"],
        "field_value": ["3", "深蒸し"],
    }
    answer = owner.submit(page, fields)
    assert answer.status_code == 422
    for words in ("メールアドレスとして使えません", 'value="サトウ"', 'value="深蒸し"'):
        assert words in answer.text, words
    assert owner.submit(page, fields | {"email": "s@example.jp"}).status_code == 302
    with owner.services.database.reading() as session:
        stored = session.get_one(Friend, friend)
        assert (stored.kana, stored.email) == ("サトウ", "s@example.jp")
        assert stored.fields == {"来店": 3, "好み": "深蒸し"}


def test_two_records_are_merged_after_both_were_shown(owner: Visitor) -> None:
    friend = add(owner, "さくら")
    imported = add(owner, "佐藤 桜", line_user_id=None, followed_at=None, member_number="M-1")
    page = f"/console/friends/{friend}/merge/"
    assert "佐藤 桜" in owner.client.get(page, query_string={"q": "M-1"}).text
    assert "1人になり、元には戻せません" in owner.get(f"{page}?other={imported}").text
    owner.submit(page, {"other": imported})
    with owner.services.database.reading() as session:
        assert session.get(Friend, imported) is None
        assert session.get_one(Friend, friend).member_number == "M-1"


def test_only_the_owner_sees_the_data_page_and_a_viewer_changes_nothing(visitor: Visitor) -> None:
    visitor.log_in(Role.VIEWER)
    friend = add(visitor, "佐藤")
    assert visitor.get("/console/data/").status_code == 403
    assert visitor.get(f"/console/data/erase/{friend}/").status_code == 403
    assert visitor.get("/console/friends/export.csv").status_code == 403
    assert visitor.post(f"/console/friends/{friend}/tags", {"name": "x"}).status_code == 403
    page = visitor.get(f"/console/friends/{friend}").text
    assert ("タグを追加" in page, "個人情報を消去" in page) == (False, False)


def test_an_export_that_is_gone_is_said_to_be(owner: Visitor) -> None:
    owner.submit("/console/data/", {}, to="/console/data/exports")
    assert owner.get("/console/data/exports/1/kokyaku.zip").status_code == 410
    assert "書き出しを中止" in owner.get("/console/data/").text
    owner.post("/console/data/exports/1/cancel")
    assert "書き出しを始める" in owner.get("/console/data/").text


@pytest.mark.parametrize(
    "path",
    [
        "/console/friends/",
        "/console/friends/taggings/",
        "/console/friends/1",
        "/console/friends/1/edit",
        "/console/friends/1/why",
        "/console/friends/1/merge/",
        "/console/data/",
        "/console/data/erase/1/",
    ],
)
def test_every_page_speaks_english_too(owner: Visitor, path: str) -> None:
    add(owner, "Sato")
    owner.post("/console/language", {"language": "en", "next": "/console/"})
    page = owner.get(path)
    assert (page.status_code, '<html lang="en">' in page.text) == (200, True)
