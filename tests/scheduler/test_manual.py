"""What a person writes to one friend: said as typed, sent once, kept in the chat."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from scheduler import manual
from scheduler.dispatcher import Dispatcher
from scheduler.gateway import RefusedByLine
from scheduler.messages import check, render
from scheduler.models import Delivery, DeliveryKind, DeliveryState, Purpose
from segments.errors import Conflict, Invalid
from segments.models import ChatMessage, Direction, Friend
from tests.builders import a_friend, days_ago
from tests.fakes.gateway import FakeGateway

Run = Callable[[], int]


def wrote(dispatcher: Dispatcher, text: str, **values: Any) -> str:
    """Write a text to a new friend and return their id at LINE."""
    with dispatcher.database.begin() as session:
        friend = a_friend(session, **values)
        manual.write(session, dispatcher.queue, friend.id, text, "花子", dispatcher.clock.now())
        return friend.line_user_id or ""


@pytest.mark.parametrize(
    "text",
    [
        "{{ name }}様",
        "{% if x %}",
        "{# 注 #}",
        "{{{{",
        "割引 {50%}",
        "{%raw%}{%endraw%}",
        "{お名前}",
        "a\nb",
        "{",
    ],
)
def test_what_is_typed_arrives_as_typed(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run, text: str
) -> None:
    to = wrote(dispatcher, text, language="en", display_name="鈴木")
    run_jobs()
    assert gateway.sent_to(to) == [text]


@given(st.text(alphabet="あ{}%#- '\n", max_size=20))
def test_no_text_ever_becomes_a_template(text: str) -> None:
    content = {"ja": [{"type": "text", "text": manual.literal(f"「{text}」")}]}
    assert check(content) == []
    assert render(content, "ja", {})[0]["text"] == f"「{text}」"


def test_it_is_an_awaited_push_and_stands_in_the_chat_once_line_took_it(
    dispatcher: Dispatcher, run_jobs: Run
) -> None:
    wrote(dispatcher, " 送料は\r\n無料です。 ", opted_out_at=days_ago(1))
    with dispatcher.database.begin() as session:
        delivery = session.scalars(select(Delivery)).one()
        assert (delivery.kind, delivery.purpose) == (DeliveryKind.MANUAL, Purpose.SERVICE)
        assert session.scalars(select(ChatMessage)).all() == []
    run_jobs()
    with dispatcher.database.begin() as session:
        assert session.get_one(Delivery, delivery.id).state is DeliveryState.ACCEPTED
        manual.remember(session, [delivery.id], dispatcher.clock.now())
        said = session.scalars(select(ChatMessage)).one()
        assert (said.direction, said.kind, said.text, said.delivery_id) == (
            Direction.OUT,
            "text",
            "送料は\n無料です。",
            delivery.id,
        )


def test_what_line_refuses_does_not_stand_in_the_chat(
    dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run
) -> None:
    gateway.fail("push", RefusedByLine("no", status=400))
    wrote(dispatcher, "こんにちは")
    run_jobs()
    with dispatcher.database.begin() as session:
        assert session.scalars(select(Delivery.state)).one() is DeliveryState.FAILED
        assert session.scalars(select(ChatMessage)).all() == []


@pytest.mark.parametrize(
    ("text", "code"),
    [(" \r\n", "answer_missing"), ("あ" * 5001, "answer_too_long"), ("{" * 4000, "answer_too_long")],
)
def test_a_text_that_cannot_be_sent_is_refused_at_once(dispatcher: Dispatcher, text: str, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        wrote(dispatcher, text)


def test_five_thousand_letters_are_sent(dispatcher: Dispatcher, gateway: FakeGateway, run_jobs: Run) -> None:
    to = wrote(dispatcher, "あ" * 5000)
    run_jobs()
    assert gateway.sent_to(to) == ["あ" * 5000]


@pytest.mark.parametrize(
    ("values", "reason"),
    [({"blocked_at": days_ago(1)}, "blocked"), ({"line_user_id": None}, "no_line_id")],
)
def test_a_friend_who_cannot_be_reached_is_told_at_once(
    dispatcher: Dispatcher, values: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Conflict) as refused:
        wrote(dispatcher, "こんにちは", **values)
    assert refused.value.params == {"reason": reason}
    with dispatcher.database.begin() as session:
        assert session.scalars(select(Delivery)).all() == []


def test_other_deliveries_are_not_taken_for_ones_a_person_wrote(dispatcher: Dispatcher) -> None:
    with dispatcher.database.begin() as session:
        friend: Friend = a_friend(session)
        sent = Delivery(
            friend_id=friend.id,
            kind=DeliveryKind.STEP,
            purpose=Purpose.CARE,
            state=DeliveryState.ACCEPTED,
            created_at=days_ago(1),
        )
        session.add(sent)
        session.flush()
        manual.remember(session, [sent.id], dispatcher.clock.now())
        assert session.scalars(select(ChatMessage)).all() == []
