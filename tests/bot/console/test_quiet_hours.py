"""What the console says of quiet hours, before and after a broadcast is sent."""

from datetime import timedelta

from scheduler.models import Broadcast, BroadcastState, Delivery, DeliveryKind, DeliveryState, Purpose
from tests.bot.browsing import Visitor
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY, FakeClock

TEXT = {
    "name": "新茶",
    "audience": "everyone",
    "purpose": "sales",
    "source": "write",
    "text_ja": "新茶です。",
}
AT_NINE = A_SATURDAY + timedelta(hours=18, minutes=30)


def a_draft(visitor: Visitor) -> str:
    with visitor.services.database.begin() as session:
        a_friend(session)
    visitor.log_in().submit("/console/broadcasts/new", TEXT)
    return "/console/broadcasts/1"


def test_in_quiet_hours_the_confirmation_says_when_sending_begins(visitor: Visitor, clock: FakeClock) -> None:
    draft = a_draft(visitor)
    assert "配信停止時間帯" not in visitor.get(f"{draft}/confirm").text
    clock.advance(timedelta(hours=7))
    page = visitor.get(f"{draft}/confirm").text
    assert "いまは配信停止時間帯（21:00〜翌9:00）です。2026年11月22日（日） 09:00から送信します。" in page


def test_a_time_chosen_in_quiet_hours_is_told_after_scheduling(visitor: Visitor) -> None:
    draft = a_draft(visitor)
    when = {"when": "later", "at": "2026-11-21T23:00"}
    visitor.submit(f"{draft}/confirm", when, to=f"{draft}/send")
    page = visitor.get(draft).text
    assert "この日時は配信停止時間帯（21:00〜翌9:00）です。2026年11月22日（日） 09:00から送信します。" in page


def test_those_who_only_wait_are_not_told_among_those_who_did_not_get_it(visitor: Visitor) -> None:
    draft = a_draft(visitor)
    with visitor.services.database.begin() as session:
        session.get_one(Broadcast, 1).state = BroadcastState.SENDING
        given = {DeliveryState.QUEUED: "quiet_hours", DeliveryState.SKIPPED: "blocked"}
        for state, reason in given.items():
            session.add(
                Delivery(
                    friend_id=a_friend(session).id,
                    kind=DeliveryKind.BROADCAST,
                    purpose=Purpose.SALES,
                    broadcast_id=1,
                    state=state,
                    reason=reason,
                    created_at=A_SATURDAY,
                    not_before=AT_NINE if state is DeliveryState.QUEUED else None,
                )
            )
    waiting, unsent = visitor.get(draft).text.split("送られなかった理由")
    assert "送信を待っている友だち" in waiting
    assert "配信停止時間帯が明けるのを待っています: 1人" in waiting
    assert "2026年11月22日（日） 09:00から配信します。" in waiting
    assert "ブロックされています: 1人" in unsent
    assert "配信停止時間帯" not in unsent
