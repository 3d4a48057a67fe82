"""What a friend was sent, to the letter: reached from the friend's page and from the conversation."""

from typing import Any

import pytest

from bot.models import Role
from scheduler.models import (
    Attempt,
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkMode,
    ChunkState,
    Delivery,
    DeliveryBody,
    DeliveryKind,
    DeliveryState,
    Purpose,
)
from tests.bot.browsing import Visitor
from tests.builders import a_friend, a_message, a_scenario
from tests.fakes.clock import A_SATURDAY as NOW

SHARED = (ChunkMode.MULTICAST, ChunkMode.EVERYONE)
WORDS = "花子様、新茶です <b>https://shop.example/t/secret</b>"


def sent(visitor: Visitor, kind: DeliveryKind, way: ChunkMode | None, **values: Any) -> tuple[int, int]:
    """Add a delivery that says WORDS as it left; return whose it is and its id."""
    body = [{"type": "text", "text": WORDS}]
    with visitor.services.database.begin() as session:
        friend = a_friend(session, display_name="山田花子")
        given: dict[str, Any] = {"state": DeliveryState.ACCEPTED, "request_id": "request-2"} | values
        made = Delivery(
            friend_id=friend.id, kind=kind, purpose=Purpose.CARE, created_at=NOW, ended_at=NOW, **given
        )
        if kind is DeliveryKind.BROADCAST:
            broadcast = Broadcast(name="秋のお知らせ", state=BroadcastState.DONE, created_at=NOW)
            session.add(broadcast)
            session.flush()
            made.broadcast_id = broadcast.id
        if kind is DeliveryKind.STEP:
            made.step_id = a_scenario(session, {"name": "一通目"}, name="お礼", name_en="Thanks").steps[0].id
            made.message_version_id = a_message(session, "{{ name_sama }}、新茶です", name="新茶").id
        if way is not None:
            shared = body if way in SHARED else None
            chunk = Chunk(mode=way, state=ChunkState.DONE, messages=shared, language="ja", created_at=NOW)
            session.add(chunk)
            session.flush()
            made.chunk_id = chunk.id
        session.add(made)
        session.flush()
        # As sending writes them: a shared request's with its chunk.
        whose = {"chunk_id": made.chunk_id} if way in SHARED else {"delivery_id": made.id}
        session.add(Attempt(**whose, at=NOW, outcome="server_error", status=500, request_id="request-1"))
        if way in (None, ChunkMode.PUSH, ChunkMode.MAIL):
            session.add(DeliveryBody(delivery_id=made.id, messages=body))
        return friend.id, made.id


@pytest.mark.parametrize(
    ("kind", "way", "words"),
    [
        (DeliveryKind.BROADCAST, ChunkMode.MULTICAST, "LINE（同じ内容をまとめて）"),
        (DeliveryKind.BROADCAST, ChunkMode.EVERYONE, "LINE（すべての友だちへ一度に）"),
        (DeliveryKind.STEP, ChunkMode.PUSH, "LINE（この友だちへ個別に）"),
        (DeliveryKind.BROADCAST, ChunkMode.MAIL, "メール"),
        (DeliveryKind.REPLY, None, "LINE（友だちへの応答と一緒に、無料）"),
    ],
)
def test_the_words_that_left_are_shown_with_how_and_when(
    visitor: Visitor, kind: DeliveryKind, way: ChunkMode | None, words: str
) -> None:
    friend, delivery = sent(visitor.log_in(Role.VIEWER), kind, way)
    page = visitor.get(f"/console/sent/{delivery}").text
    assert "花子様、新茶です &lt;b&gt;" in page
    assert words in page
    assert page.index("request-2") < page.index("request-1")
    assert "2026年11月21日（土） 14:30" in page
    assert f'href="/console/friends/{friend}#timeline"' in page


def test_a_click_there_never_counts_as_the_friends_tap(visitor: Visitor) -> None:
    _friend, delivery = sent(visitor.log_in(), DeliveryKind.STEP, ChunkMode.PUSH)
    assert 'href="https://shop.example' not in visitor.get(f"/console/sent/{delivery}").text


def test_it_leads_to_what_it_belongs_to(visitor: Visitor) -> None:
    _friend, step = sent(visitor.log_in(), DeliveryKind.STEP, ChunkMode.PUSH)
    page = visitor.get(f"/console/sent/{step}").text
    assert "お礼 – 一通目</a>" in page
    assert '?version=1">新茶</a>（版1）' in page
    _friend, broadcast = sent(visitor, DeliveryKind.BROADCAST, ChunkMode.MULTICAST)
    assert "秋のお知らせ</a>" in visitor.get(f"/console/sent/{broadcast}").text


def test_the_friends_page_and_the_conversation_lead_there(visitor: Visitor) -> None:
    friend, delivery = sent(visitor.log_in(), DeliveryKind.BROADCAST, ChunkMode.MULTICAST)
    link = f'href="/console/sent/{delivery}"'
    assert link in visitor.get(f"/console/friends/{friend}").text
    assert link in visitor.get(f"/console/inbox/{friend}").text


@pytest.mark.parametrize("state", [DeliveryState.SKIPPED, DeliveryState.QUEUED, DeliveryState.CANCELLED])
def test_of_what_never_left_it_says_so(visitor: Visitor, state: DeliveryState) -> None:
    _friend, delivery = sent(
        visitor.log_in(), DeliveryKind.BROADCAST, ChunkMode.MULTICAST, state=state, reason="blocked"
    )
    page = visitor.get(f"/console/sent/{delivery}").text
    assert "送った文面はありません" in page
    assert "ブロック" in page
    assert "新茶です" not in page
    assert "送った日時" not in page


def test_it_is_for_those_who_may_read(visitor: Visitor) -> None:
    _friend, delivery = sent(visitor, DeliveryKind.STEP, ChunkMode.PUSH)
    assert visitor.get(f"/console/sent/{delivery}").status_code == 302
    visitor.log_in(Role.TILL)
    assert visitor.get(f"/console/sent/{delivery}").status_code == 403


def test_one_that_nobody_was_sent_is_not_found(visitor: Visitor) -> None:
    visitor.log_in()
    for number in (999, 2**63, 10**30):
        assert visitor.get(f"/console/sent/{number}").status_code == 404


@pytest.mark.parametrize(("role", "leads"), [(Role.OWNER, True), (Role.VIEWER, False)])
def test_what_may_have_arrived_leads_whom_it_is_for_to_the_decision(
    visitor: Visitor, role: Role, *, leads: bool
) -> None:
    friend, delivery = sent(
        visitor.log_in(role),
        DeliveryKind.BROADCAST,
        ChunkMode.PUSH,
        state=DeliveryState.UNCERTAIN,
        reason="retry_key_expired",
    )
    page = visitor.get(f"/console/sent/{delivery}").text
    assert "届いたか不明" in page
    assert "送り始めた日時" in page
    assert (f"/console/uncertain/?friend={friend}" in page) is leads


def test_what_was_refused_did_not_reach_the_friend(visitor: Visitor) -> None:
    _friend, delivery = sent(
        visitor.log_in(), DeliveryKind.STEP, ChunkMode.PUSH, state=DeliveryState.FAILED, reason="refused"
    )
    page = visitor.get(f"/console/sent/{delivery}").text
    assert "友だちには届いていません" in page
    assert "新茶です" not in page


def test_of_a_mail_it_says_what_it_was_written_from(visitor: Visitor) -> None:
    _friend, delivery = sent(visitor.log_in(), DeliveryKind.BROADCAST, ChunkMode.MAIL)
    page = visitor.get(f"/console/sent/{delivery}").text
    assert "Message-ID" in page
    assert "LINEの受付番号" not in page
    assert "件名と文章を作り" in page
