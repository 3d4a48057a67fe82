"""What may or may not have arrived: told on the home page, taken as arrived, sent again after a warning."""

import pytest
from sqlalchemy import select

from bot.models import AuditEntry, Role
from scheduler.models import Broadcast, BroadcastState, Delivery, DeliveryState, LostTry
from tests.bot.browsing import Visitor
from tests.bot.console.lost_deliveries import some_lost

LOST, QUEUED, ACCEPTED = DeliveryState.UNCERTAIN, DeliveryState.QUEUED, DeliveryState.ACCEPTED
PAGE = "/console/uncertain/"


@pytest.fixture
def lost(visitor: Visitor) -> list[int]:
    with visitor.services.database.begin() as session:
        return some_lost(session)


@pytest.fixture
def owner(visitor: Visitor, lost: list[int]) -> Visitor:
    return visitor.log_in()


def states(visitor: Visitor) -> list[DeliveryState]:
    with visitor.services.database.reading() as session:
        return list(session.scalars(select(Delivery.state).order_by(Delivery.id)))


def noted(visitor: Visitor) -> list[tuple[str, str, dict[str, object]]]:
    with visitor.services.database.reading() as session:
        rows = session.execute(
            select(AuditEntry.action, AuditEntry.subject, AuditEntry.details).where(
                AuditEntry.action.startswith("uncertain")
            )
        )
        return [(action, subject, details) for action, subject, details in rows]


def broadcast_of(visitor: Visitor) -> Broadcast:
    with visitor.services.database.reading() as session:
        return session.scalars(select(Broadcast)).one()


def press(visitor: Visitor, which: str, question: str) -> str:
    """Ask for it, press the button of the page that asks, and return the page that follows."""
    asked = f"{PAGE}{which}?{question}"
    form = next(each for each in visitor.forms(asked) if each.action.endswith(which))
    visitor.submit(asked, dict(form.fields), to=form.action)
    return visitor.get(PAGE).text


def test_it_is_told_on_home_and_listed_with_friend_campaign_and_reason(owner: Visitor) -> None:
    assert "届いたかどうか分からない配信が3件あります。" in owner.get("/console/").text
    page = owner.get(PAGE).text
    for words in ("山田花子", "鈴木一郎", "佐藤次郎", "秋のお知らせ", "はじめてのお客様", "期限（24時間）"):
        assert words in page
    owner.post("/console/language", {"language": "en", "next": PAGE})
    assert "Messages that may not have arrived" in owner.get(PAGE).text


def test_a_broadcasts_pages_and_a_friends_lead_to_their_own(owner: Visitor) -> None:
    number = broadcast_of(owner).id
    own = f"{PAGE}?broadcast={number}"
    assert own in owner.get(f"/console/broadcasts/{number}/results").text
    assert own in owner.get(f"/console/broadcasts/{number}/unsent").text
    page = owner.get(own).text
    assert "山田花子" in page
    assert "佐藤次郎" not in page
    with owner.services.database.reading() as session:
        friend_id = session.scalars(select(Delivery.friend_id).order_by(Delivery.id.desc())).first()
    assert f"{PAGE}?friend={friend_id}" in owner.get(f"/console/friends/{friend_id}").text
    page = owner.get(f"{PAGE}?friend={friend_id}").text
    assert "佐藤次郎" in page
    assert "山田花子" not in page


def test_one_is_taken_as_arrived_after_one_more_question(owner: Visitor, lost: list[int]) -> None:
    question = f"only={lost[0]}-0&shown={lost[0]}-0&shown={lost[1]}-0"
    asked = owner.get(f"{PAGE}arrived?{question}").text
    assert "山田花子" in asked
    assert "鈴木一郎" not in asked
    assert states(owner) == [LOST] * 3
    assert "1通を、届いたことにしました。" in press(owner, "arrived", question)
    assert states(owner) == [ACCEPTED, LOST, LOST]
    assert noted(owner) == [
        ("uncertain_arrived", f"delivery:{lost[0]}", {"deliveries": [lost[0]], "decided": 1})
    ]
    number = broadcast_of(owner).id
    assert "担当者が届いたことにしました" in owner.get(f"/console/friends/{_friend(owner, lost[0])}").text
    assert "担当者が届いたことにしました" not in owner.get(f"/console/broadcasts/{number}/unsent").text


def _friend(visitor: Visitor, delivery_id: int) -> int:
    with visitor.services.database.reading() as session:
        return session.get_one(Delivery, delivery_id).friend_id


def test_all_that_is_shown_is_sent_again_after_a_warning_and_once(owner: Visitor, lost: list[int]) -> None:
    question = "&".join(f"shown={each}-0" for each in lost)
    asked = owner.get(f"{PAGE}again?{question}").text
    assert "同じ内容のメッセージが2通届きます。" in asked
    assert "3通を、もう一度送ります。" in asked
    form = next(each for each in owner.forms(f"{PAGE}again?{question}") if each.action.endswith("again"))
    for _click in range(2):
        owner.submit(PAGE, dict(form.fields), to=form.action)
    assert states(owner) == [QUEUED] * 3
    assert broadcast_of(owner).state is BroadcastState.SENDING
    with owner.services.database.reading() as session:
        assert session.scalars(select(LostTry.number)).all() == [1] * 3
    page = owner.get(PAGE).text
    assert "すでに判断されています。何も変更していません。" in page
    assert "判断を待っている配信はありません" in page
    assert noted(owner) == [("uncertain_sent_again", "deliveries:3", {"deliveries": lost, "decided": 3})]


def test_what_cannot_be_sent_again_says_why_and_stays(owner: Visitor, lost: list[int]) -> None:
    with owner.services.database.begin() as session:
        session.get_one(Broadcast, broadcast_of(owner).id).state = BroadcastState.CANCELLED
    assert owner.get(PAGE).text.count("元の配信が取り消されたか") == 2
    question = "&".join(f"shown={each}-0" for each in lost)
    asked = owner.get(f"{PAGE}again?{question}").text
    assert "2通は送れません。" in asked
    press(owner, "again", question)
    assert states(owner) == [LOST, LOST, QUEUED]
    owner.submit(PAGE, {"shown": f"{lost[0]}-0"}, to=f"{PAGE}again")
    assert "元の配信が取り消されたか" in owner.get(PAGE).text
    assert states(owner) == [LOST, LOST, QUEUED]


@pytest.mark.parametrize(
    "question",
    ["", "shown=", "shown=x-0", "shown=1", "only=99999999999999999999-0", "shown=77-0", "shown=²-0"],
)
def test_what_names_nothing_that_waits_changes_nothing(owner: Visitor, question: str) -> None:
    for which in ("arrived", "again"):
        assert owner.get(f"{PAGE}{which}?{question}").status_code == 302
        owner.submit(PAGE, dict([question.split("=")] if question else []), to=f"{PAGE}{which}")
        assert "すでに判断されています。" in owner.get(PAGE).text
    assert states(owner) == [LOST] * 3
    assert noted(owner) == []


@pytest.mark.parametrize(
    "place", ["broadcast=-1", "broadcast=x", "friend=0", "after=-5", "after=99999999999999999999"]
)
def test_an_address_typed_wrong_shows_a_page(owner: Visitor, place: str) -> None:
    assert owner.get(f"{PAGE}?{place}").status_code == 200


def test_who_only_reads_sees_the_list_without_buttons(visitor: Visitor, lost: list[int]) -> None:
    visitor.log_in(Role.VIEWER)
    page = visitor.get(PAGE).text
    assert "山田花子" in page
    assert "もう一度送る" not in page
    assert visitor.get(f"{PAGE}again?shown={lost[0]}-0").status_code == 403
