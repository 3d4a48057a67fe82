"""A friend's own time zone: set in their form, told on their page, and kept to by what is sent."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot.console import friend_zones
from bot.models import AuditEntry
from bot.services import Services
from scheduler import broadcasts, drafts
from scheduler.delivery import send_chunks
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.jobs import Job
from scheduler.models import Delivery, Purpose
from scheduler.pacing import Unpaced
from scheduler.plan import plan_broadcast
from scheduler.tick import tick
from segments import mail_consent, zone_names
from segments.imports import ImportOptions, import_friends
from segments.models import Friend
from tests.bot.browsing import Visitor
from tests.builders import a_friend, days_ago
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue

HELLO = {"ja": [{"type": "text", "text": "新茶です"}]}


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    return visitor.log_in()


def add(visitor: Visitor, **values: Any) -> str:
    """Add a friend and return the path of their page."""
    with visitor.services.database.begin() as session:
        return f"/console/friends/{a_friend(session, **values).id}"


def opened(visitor: Visitor, page: str) -> dict[str, Any]:
    """Return what the form of a friend sends as it was opened, but for its lists to choose from."""
    form = next(each for each in visitor.forms(f"{page}/edit") if "seen" in each.fields)
    return {name: form.fields[name] for name in form.fields if name not in {"csrf_token", "selected"}}


def stored(visitor: Visitor) -> str | None:
    with visitor.services.database.reading() as session:
        return session.scalars(select(Friend.timezone)).one()


def test_a_zone_is_chosen_told_with_its_clock_noted_and_given_up_again(owner: Visitor) -> None:
    page = add(owner)
    assert "お店と同じ（日本 Asia/Tokyo）" in owner.get(f"{page}/edit").text
    assert "タイムゾーン" not in owner.get(page).text
    assert (
        owner.submit(f"{page}/edit", opened(owner, page) | {"timezone": "Pacific/Honolulu"}).location == page
    )
    assert stored(owner) == "Pacific/Honolulu"
    shown = owner.get(page).text
    assert "ハワイ Pacific/Honolulu" in shown
    assert "現地はいま 2026年11月20日（金） 19:30" in shown
    with owner.services.database.reading() as session:
        noted = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
        assert (noted.action, noted.details) == ("friend_changed", {"fields": ["timezone"]})
    owner.submit(f"{page}/edit", opened(owner, page) | {"timezone": ""})
    assert stored(owner) is None


def test_a_zone_that_is_the_shops_own_is_not_told_apart(owner: Visitor) -> None:
    assert "タイムゾーン" not in owner.get(add(owner, timezone="Asia/Tokyo")).text


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Europe/Oslo", "現地はいま 2026年11月21日（土） 06:30"),
        ("Asia", "Asia（このタイムゾーンはありません）"),
        ("<b>", "&lt;b&gt;（このタイムゾーンはありません）"),
    ],
)
def test_a_zone_that_is_not_offered_is_shown_and_stays(owner: Visitor, name: str, told: str) -> None:
    page = add(owner, timezone=name)
    assert told in owner.get(page).text
    form = next(each for each in owner.forms(f"{page}/edit") if "seen" in each.fields)
    assert form.fields["selected"] == ["ja", name]
    assert (
        owner.submit(f"{page}/edit", opened(owner, page) | {"kana": "サ", "timezone": name}).status_code
        == 302
    )
    assert stored(owner) == name


@pytest.mark.parametrize(
    ("language", "words"),
    [("ja", "「Mars/North」というタイムゾーンはありません。"), ("en", "There is no time zone Mars/North.")],
)
def test_a_zone_that_does_not_exist_is_refused_and_nothing_typed_is_lost(
    owner: Visitor, language: str, words: str
) -> None:
    page = add(owner)
    owner.post("/console/language", {"language": language, "next": "/console/"})
    answer = owner.submit(f"{page}/edit", opened(owner, page) | {"kana": "サトウ", "timezone": "Mars/North"})
    assert (answer.status_code, words in answer.text) == (422, True)
    assert 'value="サトウ"' in answer.text
    assert '<option value="Mars/North" selected>' in answer.text
    assert stored(owner) is None


def test_who_saves_a_friend_later_is_told_and_may_overwrite_on_purpose(owner: Visitor) -> None:
    page = add(owner, email="s@example.jp", email_consent_at=days_ago(3))
    mine, theirs = opened(owner, page), opened(owner, page)
    owner.submit(f"{page}/edit", theirs | {"timezone": "Europe/Paris"})
    answer = owner.submit(f"{page}/edit", mine | {"kana": "サトウ"})
    assert (answer.status_code, "登録内容が変わりました" in answer.text) == (422, True)
    assert stored(owner) == "Europe/Paris"
    seen = opened(owner, page)["seen"]
    assert f'name="seen" value="{seen[0]}"' in answer.text
    assert owner.submit(f"{page}/edit", mine | {"seen": seen}).status_code == 302
    assert stored(owner) is None


def test_a_refusal_of_mail_is_not_undone_by_a_form_that_was_open(owner: Visitor) -> None:
    page = add(owner, email="s@example.jp", email_consent_at=days_ago(3))
    mine = opened(owner, page)
    assert mine["mail_agreed"] == ["1"]
    with owner.services.database.begin() as session:
        friend = session.scalars(select(Friend.id)).one()
        mail_consent.refuse(session, friend, A_SATURDAY)
    assert owner.submit(f"{page}/edit", mine | {"kana": "サトウ"}).status_code == 422
    with owner.services.database.reading() as session:
        assert mail_consent.addresses(session, [friend]) == {}


def test_a_zone_that_was_exported_comes_in_again(owner: Visitor, tmp_path: Path) -> None:
    add(owner, member_number="M-1", timezone="Asia/Seoul")
    add(owner, member_number="M-2", timezone="=1+1")
    answer = owner.get("/console/friends/export.csv")
    table = tmp_path / "friends.csv"
    table.write_bytes(answer.data)
    services = owner.services
    with services.database.begin() as session:
        session.execute(update(Friend).values(timezone=None))
    report = import_friends(services.database, table, services.clock, ImportOptions())
    # What a spreadsheet would run leaves with an apostrophe, and is refused as the zone that it is not.
    assert [(each.code, each.params["given"]) for each in report.refused] == [("timezone_unknown", "'=1+1")]
    with services.database.reading() as session:
        kept = session.execute(select(Friend.member_number, Friend.timezone).order_by(Friend.id))
        assert [tuple(row) for row in kept] == [("M-1", "Asia/Seoul"), ("M-2", None)]


def test_every_zone_that_is_offered_exists() -> None:
    assert {zone_names.read(name) for name in friend_zones.OFFERED} == set(friend_zones.OFFERED)


def live(services: Services) -> None:
    """Let the engine do what is due now."""
    queue = services.queue
    assert isinstance(queue, FakeQueue)
    dispatcher = Dispatcher(
        services.database,
        queue,
        services.gateway,
        Unpaced(),
        services.clock,
        ZoneInfo("Asia/Tokyo"),
        look_again=timedelta(),
    )
    tick(dispatcher)
    plan = partial(plan_broadcast, services.database, queue, services.clock)
    queue.run({Job.SEND_CHUNK: partial(send_chunks, dispatcher), Job.PLAN_BROADCAST: plan})


def test_a_message_already_held_waits_for_the_morning_of_the_zone_that_was_set(
    owner: Visitor, clock: FakeClock
) -> None:
    services, gateway = owner.services, owner.services.gateway
    assert isinstance(gateway, FakeGateway)
    page = add(owner, line_user_id="U-there")
    clock.set(datetime(2026, 11, 21, 13, 0, tzinfo=UTC))  # 22:00 in Tokyo
    draft = Draft("秋", HELLO, condition={"is": "everyone"}, purpose=Purpose.CARE)
    with services.database.begin() as session:
        made = drafts.create(session, draft, now=clock.now(), by="test")
        broadcasts.schedule(session, services.queue, made.id, None, clock.now())
    live(services)
    morning = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
    assert (_until(services), gateway.sent_to("U-there")) == (morning, [])
    owner.submit(f"{page}/edit", opened(owner, page) | {"timezone": "Europe/London"})
    # At nine in Tokyo it is midnight in London: it is judged again, and held until nine over there.
    clock.set(morning)
    live(services)
    there = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    assert (_until(services), gateway.sent_to("U-there")) == (there, [])
    clock.set(there - timedelta(seconds=1))
    live(services)
    assert gateway.sent_to("U-there") == []
    clock.set(there)
    live(services)
    assert len(gateway.sent_to("U-there")) == 1


def _until(services: Services) -> datetime | None:
    with services.database.reading() as session:
        return session.scalars(select(Delivery.not_before)).one()
