"""What the console says of messages that were saved, and of LINE's own broadcast."""

from sqlalchemy import select

from scheduler import savings
from scheduler.models import (
    Broadcast,
    Chunk,
    ChunkMode,
    ChunkState,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Purpose,
    Through,
    Way,
)
from scheduler.plan_settings import choose_plan
from tests.bot.browsing import Visitor
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY

NOTICE = {
    "name": "お休みのお知らせ",
    "audience": "everyone",
    "purpose": "care",
    "source": "write",
    "text_ja": "年末年始はお休みします。",
}


def test_the_home_page_says_what_was_saved_once_something_was(visitor: Visitor) -> None:
    visitor.log_in()
    with visitor.services.database.begin() as session:
        session.add(
            Delivery(
                friend_id=a_friend(session).id,
                kind=DeliveryKind.STEP,
                purpose=Purpose.CARE,
                created_at=A_SATURDAY,
            )
        )
    assert "節約しました" not in visitor.get("/console/").text
    with visitor.services.database.begin() as session:
        choose_plan(session, "standard", A_SATURDAY)
        savings.note(session, Way.BUNDLE, 12, A_SATURDAY)
        savings.note(session, Way.REPLY, 3, A_SATURDAY)
    page = visitor.get("/console/").text
    assert "まとめ配信で12通、無料の応答で3通" in page
    assert "45" in page.split("あわせて約")[1][:10]


def test_lines_own_broadcast_is_chosen_kept_and_its_refusal_told(visitor: Visitor) -> None:
    visitor.log_in()
    with visitor.services.database.begin() as session:
        a_friend(session)
    assert visitor.submit("/console/broadcasts/new", NOTICE | {"at_once": "y"}).status_code == 302
    with visitor.services.database.begin() as session:
        broadcast = session.scalars(select(Broadcast)).one()
        assert broadcast.through is Through.BROADCAST
        number = broadcast.id
    assert "checked" in visitor.get(f"/console/broadcasts/{number}/edit").text.split('id="at_once"')[1][:30]
    with visitor.services.database.begin() as session:
        broadcast = session.get_one(Broadcast, number)
        broadcast.through, broadcast.through_reason = Through.NAMED, "friend_left_out:opted_out"
    page = visitor.get(f"/console/broadcasts/{number}").text
    assert "LINEの一斉送信は使わず" in page
    assert "配信停止を希望されています" in page


def test_the_friends_page_says_what_went_together_or_on_an_answer(visitor: Visitor) -> None:
    visitor.log_in()
    with visitor.services.database.begin() as session:
        friend_id = a_friend(session).id
        chunk = Chunk(mode=ChunkMode.PUSH, state=ChunkState.DONE, created_at=A_SATURDAY)
        session.add(chunk)
        session.flush()
        for chunk_id in (chunk.id, None):
            sent = Delivery(
                friend_id=friend_id,
                kind=DeliveryKind.STEP,
                purpose=Purpose.CARE,
                state=DeliveryState.ACCEPTED,
                chunk_id=chunk_id,
                created_at=A_SATURDAY,
                carried_by=1_000_000,
            )
            session.add(sent)
    page = visitor.get(f"/console/friends/{friend_id}").text
    assert "ほかのメッセージとまとめて送信" in page
    assert "応答と一緒に無料で送信" in page
