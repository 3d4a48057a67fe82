"""Links in messages lead through us where friends' phones can reach us, and straight on where they cannot."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy import select

from scheduler import broadcasts, drafts, messages
from scheduler.dispatcher import Dispatcher
from scheduler.drafts import Draft
from scheduler.gateway import QuotaExhausted
from scheduler.messages import BadTemplate, Problem
from scheduler.models import Delivery, DeliveryKind
from scheduler.sample_facts import sample_facts
from scheduler.templating import compile_source
from segments import links
from segments.db import Database
from segments.errors import Invalid
from segments.link_tokens import Tracking
from segments.models import Facts, Friend, Touched
from segments.shop import Shop
from tests.builders import a_friend, a_watched_segment
from tests.fakes.clock import A_SATURDAY as NOW
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import FakeGateway
from tests.fakes.queue import FakeQueue
from tests.scheduler.conftest import jobs_of

TRACKING = Tracking("https://shop.example", "a secret")
URL = "https://example.com/spring"
CONTENT = {"ja": [{"type": "text", "text": "こちらです {{ link('春') }}"}]}
HELLO = {"ja": [{"type": "text", "text": "こんにちは"}]}
EVERYONE = {"is": "everyone"}


def send(dispatcher: Dispatcher, queue: FakeQueue, content: dict[str, Any]) -> None:
    now = dispatcher.clock.now()
    with dispatcher.database.begin() as session:
        draft = drafts.create(session, Draft("春", content, condition=EVERYONE), now=now, by="1")
        broadcasts.schedule(session, queue, draft.id, None, now)
    queue.run(jobs_of(dispatcher))


@pytest.fixture
def friend(database: Database) -> Friend:
    with database.begin() as session:
        links.register(session, "春", URL, NOW)
        return a_friend(session)


def sent(gateway: FakeGateway, friend: Friend) -> str:
    return gateway.sent_to(friend.line_user_id or "")[-1]


def test_each_friend_gets_an_address_of_their_own(
    dispatcher: Dispatcher, queue: FakeQueue, gateway: FakeGateway, friend: Friend
) -> None:
    with dispatcher.database.begin() as session:
        other = a_friend(session)
    send(replace(dispatcher, tracking=TRACKING), queue, CONTENT)
    with dispatcher.database.reading() as session:
        for who in (friend, other):
            said = sent(gateway, who)
            assert said.startswith("こちらです https://shop.example/r/")
            tapped = TRACKING.read(said.rpartition("/")[2])
            assert tapped is not None
            assert tapped.friend_id == who.id
            assert session.get_one(Delivery, tapped.delivery_id).friend_id == who.id


def test_without_a_public_address_the_link_is_plain(
    dispatcher: Dispatcher, queue: FakeQueue, gateway: FakeGateway, friend: Friend
) -> None:
    send(dispatcher, queue, CONTENT)
    assert sent(gateway, friend) == f"こちらです {URL}"


def test_a_test_send_counts_no_taps_of_the_operator(
    dispatcher: Dispatcher, queue: FakeQueue, gateway: FakeGateway, friend: Friend
) -> None:
    with dispatcher.database.begin() as session:
        draft = drafts.create(session, Draft("春", CONTENT, condition=EVERYONE), now=NOW, by="1")
        delivery = broadcasts.send_test(session, queue, draft.id, friend.id, NOW)
        assert delivery.kind is DeliveryKind.TEST
    queue.run(jobs_of(replace(dispatcher, tracking=TRACKING)))
    assert sent(gateway, friend) == f"こちらです {URL}"


def test_a_preview_shows_an_address_that_counts_nothing() -> None:
    (said,) = messages.render(CONTENT, "ja", sample_facts(Shop(), "ja", NOW))
    assert said["text"] == "こちらです https://example.com/"


def test_a_message_with_a_link_is_personal() -> None:
    assert messages.is_personal(CONTENT)
    assert not messages.is_personal(HELLO)


def test_a_link_nobody_registered_is_named_when_the_message_is_saved(
    database: Database, friend: Friend
) -> None:
    button = {"type": "uri", "label": "見る", "uri": "{{ link('夏') }}"}
    content = {
        "ja": [
            {
                "type": "template",
                "altText": "a",
                "template": {"type": "buttons", "text": "x", "actions": [button]},
            }
        ]
    }
    with database.begin() as session, pytest.raises(Invalid) as refused:
        drafts.create(session, Draft("夏", content, condition=EVERYONE), now=NOW, by="1")
    (problem,) = cast("list[Problem]", refused.value.params["problems"])
    assert (problem.path, problem.code) == ("ja[0].template.actions[0].uri", "unknown_link")
    assert problem.params == {"name": "夏"}
    del friend


@pytest.mark.parametrize(
    "source",
    [
        "{{ link() }}",
        "{{ link('') }}",
        "{{ link(name) }}",
        "{{ link('a', 'b') }}",
        "{{ link(x='a') }}",
        "{{ link(*name) }}",
        "{{ name.link('a') }}",
        "{{ other('a') }}",
        "{{ tracked_links['a'] }}",
        "{% for x in link('a') %}{% endfor %}",
    ],
)
def test_no_other_call_and_no_other_name_is_allowed(source: str) -> None:
    with pytest.raises(BadTemplate):
        compile_source(source)


def test_the_word_link_alone_is_an_unknown_fact() -> None:
    (problem,) = messages.check({"ja": [{"type": "text", "text": "{{ link }}"}]})
    assert problem.code == "unknown_fact"


def test_what_line_took_is_the_last_contact(
    dispatcher: Dispatcher, queue: FakeQueue, gateway: FakeGateway, friend: Friend, clock: FakeClock
) -> None:
    with dispatcher.database.begin() as session:
        a_watched_segment(session)
    send(dispatcher, queue, HELLO)
    with dispatcher.database.reading() as session:
        assert session.get_one(Facts, friend.id).last_contacted_at == clock.now()
        assert friend.id in set(session.scalars(select(Touched.friend_id)))


def test_what_line_refused_is_no_contact(
    dispatcher: Dispatcher, queue: FakeQueue, gateway: FakeGateway, friend: Friend
) -> None:
    gateway.fail("multicast", QuotaExhausted("429"))
    send(dispatcher, queue, HELLO)
    with dispatcher.database.reading() as session:
        assert session.get_one(Facts, friend.id).last_contacted_at is None


def test_pushes_are_contacts_too(
    dispatcher: Dispatcher,
    queue: FakeQueue,
    gateway: FakeGateway,
    friend: Friend,
    run_jobs: Callable[[], int],
) -> None:
    send(dispatcher, queue, CONTENT)
    run_jobs()
    with dispatcher.database.reading() as session:
        assert session.get_one(Facts, friend.id).last_contacted_at == NOW
