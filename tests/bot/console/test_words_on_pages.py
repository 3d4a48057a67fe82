"""Whatever state a message is in and whatever came of it, the pages say it in words and never by its code."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from scheduler import ledger
from scheduler.models import (
    Broadcast,
    Decision,
    Delivery,
    DeliveryKind,
    DeliveryState,
    MessageVersion,
    Purpose,
)
from scheduler.reasons import Reason, reason_words
from tests.bot.browsing import Visitor
from tests.builders import a_friend, a_message, days_ago

CODES = sorted(
    {reason.value for reason in Reason}
    | {name for _kind, name in ledger.NAMES}
    | {"unknown_recipient", "retry_key_expired", "broadcast_cancelled", "crashed"}
)
FELL_SHORT = (DeliveryState.FAILED, DeliveryState.UNCERTAIN, DeliveryState.SENDING)


def shown(page: str) -> str:
    """Return what a reader of the page's main part sees."""
    main = page[page.index("<main") : page.index("</main>")]
    return unescape(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(script|style).*?</\1>", "", main)))


def codes_in(text: str, language: str) -> list[str]:
    """Return the codes that stand in a page as they are stored; one English word alone may be English."""
    words = CODES if language == "ja" else [code for code in CODES if "_" in code]
    kinds = (*DeliveryState, *DeliveryKind) if language == "ja" else ()
    return [word for word in (*words, *kinds) if re.search(rf"(?<![\w/.]){word}(?![\w/])", text)]


def meet(visitor: Visitor, state: DeliveryState) -> tuple[int, list[int]]:
    """Add a friend to whom messages were sent that ended in a state, one with each code; return the broadcasts too."""
    visitor.log_in()
    with visitor.services.database.begin() as session:
        friend = a_friend(session, display_name="みどり")
        message = a_message(session, "こんにちは", name="ごあいさつ")
        version = session.scalars(
            select(MessageVersion.id).where(MessageVersion.message_id == message.id)
        ).one()
        broadcasts = [
            Broadcast(name="お知らせ", created_at=days_ago(5), message_version_id=version) for _ in CODES
        ]
        session.add_all(broadcasts)
        session.flush()
        for place, code in enumerate(CODES):
            session.add(
                Delivery(
                    friend_id=friend.id, kind=DeliveryKind.BROADCAST, purpose=Purpose.CARE, state=state,
                    reason=code, broadcast_id=broadcasts[place].id, message_version_id=version,
                    created_at=days_ago(1), ended_at=days_ago(1),
                )
            )  # fmt: skip
        return friend.id, [each.id for each in broadcasts]


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("state", FELL_SHORT)
def test_a_friends_pages_say_what_came_of_messages_in_words(
    visitor: Visitor, state: DeliveryState, language: str
) -> None:
    friend_id, broadcasts = meet(visitor, state)
    visitor.post("/console/language", {"language": language, "next": "/console/"})
    pages = [f"/console/inbox/{friend_id}", f"/console/friends/{friend_id}"]
    pages += [f"/console/friends/{friend_id}/why?about=broadcast:{each}" for each in broadcasts[::7]]
    found: dict[str, list[str]] = {}
    for path in pages:
        answer = visitor.get(path)
        assert answer.status_code == 200, path
        if codes := codes_in(shown(answer.text), language):
            found[path] = codes
    assert found == {}


def test_why_a_message_did_not_come_is_said_once(visitor: Visitor) -> None:
    visitor.log_in()
    now = visitor.services.clock.now()
    with visitor.services.database.begin() as session:
        friend_id = a_friend(session).id
        asked, other = (Broadcast(name=name, created_at=days_ago(1)) for name in ("秋", "冬"))
        session.add_all([asked, other])
        session.flush()
        for each in (asked, other):
            about = {"friend_id": friend_id, "broadcast_id": each.id}
            session.add(Decision(**about, enrolment_id=0, step_id=0, rule="quiet_hours", at=now, figures=""))
            session.add(
                Delivery(
                    **about, kind=DeliveryKind.BROADCAST, purpose=Purpose.CARE, state=DeliveryState.SKIPPED,
                    reason="quiet_hours", created_at=now, ended_at=now,
                )
            )  # fmt: skip
        number = asked.id
    words = reason_words("quiet_hours", "ja")
    page = shown(visitor.get(f"/console/friends/{friend_id}/why").text)
    assert page.count(words) == 2
    page = shown(visitor.get(f"/console/friends/{friend_id}/why?about=broadcast:{number}").text)
    told, others = page.split("ほかの見送り・保留")
    assert (told.count(words), others.count(words), "冬" in others) == (1, 1, True)


def test_the_conversation_says_that_nobody_knows_whether_a_message_arrived(visitor: Visitor) -> None:
    friend_id, _broadcasts = meet(visitor, DeliveryState.UNCERTAIN)
    text = shown(visitor.get(f"/console/inbox/{friend_id}").text)
    assert "届いたか不明" in text
    assert "LINEからの返事がありませんでした" in text
    visitor.post("/console/language", {"language": "en", "next": "/console/"})
    text = shown(visitor.get(f"/console/inbox/{friend_id}").text)
    assert "届いた" not in text
    assert "LINE did not answer" in text
