"""Messages that could not be prepared: told on the home page, tried again, given up."""

import pytest
from sqlalchemy import delete, select

from bot.models import AuditEntry
from scheduler.models import (
    Broadcast,
    BroadcastState,
    Chunk,
    ChunkMode,
    ChunkState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Purpose,
)
from tests.bot.browsing import Visitor
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY as NOW


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    """An owner, and a broadcast of which one friend's part is parked."""
    with visitor.services.database.begin() as session:
        sale = Broadcast(
            name="秋のお知らせ", state=BroadcastState.SENDING, planned_at=NOW, started_at=NOW, created_at=NOW
        )
        session.add(sale)
        session.flush()
        chunk = Chunk(
            broadcast_id=sale.id, mode=ChunkMode.PUSH, state=ChunkState.PARKED, created_at=NOW, parked_at=NOW,
            failures=3, trouble="ValueError",
        )  # fmt: skip
        session.add(chunk)
        session.flush()
        session.add(
            Delivery(
                friend_id=a_friend(session, display_name="困った友だち").id, kind=DeliveryKind.BROADCAST,
                purpose=Purpose.SALES, broadcast_id=sale.id, chunk_id=chunk.id, created_at=NOW,
                reason="preparing_failed",
            )
        )  # fmt: skip
    return visitor.log_in()


def chunk_of(owner: Visitor) -> Chunk:
    with owner.services.database.reading() as session:
        return session.scalars(select(Chunk)).one()


def noted(owner: Visitor) -> set[str]:
    with owner.services.database.reading() as session:
        return set(session.scalars(select(AuditEntry.action)))


def test_what_is_put_aside_is_told_on_the_home_page_and_shown_with_its_friend(owner: Visitor) -> None:
    home = owner.get("/console/").text
    assert "秋のお知らせ" in home
    assert "送信の準備でエラーが続いたため、保留しているメッセージがあります。" in home
    page = owner.get("/console/stuck/").text
    for words in ("秋のお知らせ", "困った友だち", "ValueError", "もう一度送信する"):
        assert words in page
    owner.post("/console/language", {"language": "en", "next": "/console/stuck/"})
    assert "Messages put aside" in owner.get("/console/stuck/").text


def test_what_is_empty_says_so_and_names_nobody(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        session.execute(delete(Delivery))
    number = chunk_of(owner).id
    for path in ("/console/stuck/", f"/console/stuck/{number}/give-up"):
        page = owner.get(path).text
        assert "送信を待つメッセージは、もう残っていません。" in page
        assert "宛先" not in page
    owner.post(f"/console/stuck/{number}/give-up")
    assert "保留しているメッセージはありません" in owner.get("/console/stuck/").text


def test_it_is_tried_again(owner: Visitor) -> None:
    number = chunk_of(owner).id
    owner.post(f"/console/stuck/{number}/retry")
    now = chunk_of(owner)
    assert (now.state, now.failures, now.job_number) == (ChunkState.QUEUED, 0, 1)
    assert "保留しているメッセージはありません" in owner.get("/console/stuck/").text
    assert "sending_retried" in noted(owner)
    owner.post(f"/console/stuck/{number}/retry")
    assert "この送信は、もう保留されていません。" in owner.get("/console/stuck/").text


def test_it_is_given_up_after_one_more_question(owner: Visitor) -> None:
    number = chunk_of(owner).id
    asked = owner.get(f"/console/stuck/{number}/give-up").text
    assert "元には戻せません" in asked
    assert chunk_of(owner).state is ChunkState.PARKED
    owner.post(f"/console/stuck/{number}/give-up")
    with owner.services.database.reading() as session:
        assert session.scalars(select(Delivery.state)).all() == [DeliveryState.FAILED]
        assert session.scalars(select(Broadcast.state)).all() == [BroadcastState.DONE]
    assert "sending_given_up" in noted(owner)
    assert owner.get(f"/console/stuck/{number}/give-up").status_code == 302
