"""Erasing a friend: no trace is left in any column of any table, and what others' facts say stays right."""

import json
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from bot import erasing, exporting, operators
from bot.models import (
    AuditEntry,
    ChatState,
    DataExport,
    ExportPiece,
    ExportState,
    InboundEvent,
    InboundState,
    LineCall,
)
from scheduler import manual
from scheduler.models import (
    Attempt,
    Chunk,
    Decision,
    Delivery,
    DeliveryBody,
    DeliveryKind,
    DeliveryState,
    MessageVersion,
    Purpose,
)
from segments import facts, friend_notes, friends, members, rebuilding, referrals, tags, trust
from segments.db import Base, Database
from segments.errors import Conflict, Invalid
from segments.models import (
    ChatMessage,
    Direction,
    Facts,
    Friend,
    ImportRun,
    Link,
    LinkTap,
    Purchase,
    Question,
    RefusedLine,
    SurveyAnswer,
    Tagging,
    TaggingState,
)
from tests.builders import a_friend, a_message, a_purchase, a_scenario, days_ago
from tests.fakes.clock import A_SATURDAY
from tests.fakes.queue import FakeQueue

NUMBER = 987_654_321_012
"""The marked friend's id: not to be taken for anything else."""
MARKS = {
    "line_user_id": "Uffeeddccbbaa99887766554433221100",
    "member_number": "ZQ-777888",
    "email": "shirushi.tarou@example.jp",
    "display_name": "印太郎丸",
    "kana": "シルシタロウマル",
    "said": "わたしの秘密の話題",
    "told": "あなただけへの返事",
    "noted": "お子さんの名前はミナモ",
    "answered": "膝が痛い回答者",
    "field": "港区一丁目の住人",
    "picture": "https://pictures.example.jp/shirushi",
}


def a_marked_friend(session: Session, now: datetime) -> Friend:
    """Add a friend who has left something wherever friends can."""
    friend = a_friend(
        session,
        id=NUMBER,
        line_user_id=MARKS["line_user_id"],
        member_number=MARKS["member_number"],
        email=MARKS["email"],
        email_consent_at=now,
        display_name=MARKS["display_name"],
        kana=MARKS["kana"],
        picture_url=MARKS["picture"],
        fields={"住所": MARKS["field"]},
    )
    bought = a_purchase(session, friend, member_number=MARKS["member_number"])
    said = ChatMessage(friend_id=friend.id, direction=Direction.IN, kind="text", text=MARKS["said"], at=now)
    session.add(said)
    session.flush()
    session.add_all(
        (
            Question(friend_id=friend.id, message_id=said.id, asked_at=now),
            SurveyAnswer(friend_id=friend.id, question="q", answer=MARKS["answered"], at=now),
            ChatState(friend_id=friend.id, with_person_since=now),
            InboundEvent(
                webhook_event_id="E1",
                kind="message",
                line_user_id=MARKS["line_user_id"],
                line_message_id="M1",
                occurred_at=now,
                received_at=now,
                raw={"source": {"userId": MARKS["line_user_id"]}, "message": {"text": MARKS["said"]}},
                state=InboundState.PARKED,
                next_attempt_at=now,
            ),
            LineCall(at=now, endpoint="push", milliseconds=1, error=f"no such user {MARKS['line_user_id']}"),
        )
    )
    tags.tag(session, friend.id, "常連さん", now, "operator:1")
    friend_notes.add(session, friend.id, MARKS["noted"], "operator:1", now)
    trust.adjust(session, friend.id, 5, "operator:1", MARKS["noted"], now)
    members.issue_link_code(session, MARKS["member_number"], now)
    _log(session, now)
    _messages(session, friend, now)
    link = Link(name="案内", url="https://example.jp", created_at=now)
    run = ImportRun(kind="friends", file_name="f.csv", started_at=now)
    session.add_all((link, run))
    session.flush()
    session.add(LinkTap(link_id=link.id, friend_id=friend.id, at=now))
    params = {"member_number": MARKS["member_number"], "name": MARKS["display_name"]}
    session.add(RefusedLine(import_run_id=run.id, line_number=2, code="member_number_taken", params=params))
    words = {"words": MARKS["display_name"], "condition": None}
    session.add(
        Tagging(
            name="t", adds=True, choice=words, expected=1, state=TaggingState.DONE, made_at=now, made_by="x"
        )
    )
    facts.learn_purchases(session, friend.id, now)
    assert bought.friend_id == NUMBER
    return friend


def _log(session: Session, now: datetime) -> None:
    operators.note(session, "operator:1", "link_code_issued", MARKS["member_number"], now)
    operators.note(session, "operator:1", "trust_adjusted", str(NUMBER), now, why=MARKS["noted"])
    operators.note(session, "operator:1", "tag_added", f"{NUMBER}: 常連さん", now)
    operators.note(session, "operator:1", "searched", "", now, words=MARKS["display_name"])


def _messages(session: Session, friend: Friend, now: datetime) -> None:
    scenario = a_scenario(session, {})
    written = manual.write(session, FakeQueue(), friend.id, MARKS["told"], "花子", now)
    session.refresh(written)
    written.state = DeliveryState.ACCEPTED
    chunk = session.get_one(Chunk, written.chunk_id)
    chunk.messages = [{"type": "text", "text": MARKS["told"]}]
    waiting = Delivery(
        friend_id=friend.id,
        kind=DeliveryKind.STEP,
        purpose=Purpose.CARE,
        state=DeliveryState.QUEUED,
        created_at=now,
        not_before=now,
    )
    session.add(waiting)
    session.flush()
    session.add_all(
        (
            DeliveryBody(delivery_id=written.id, messages=[{"type": "text", "text": MARKS["told"]}]),
            Attempt(chunk_id=chunk.id, at=now, outcome="refused", error=f"to {MARKS['line_user_id']}"),
            Decision(
                friend_id=friend.id,
                broadcast_id=0,
                enrolment_id=0,
                step_id=scenario.steps[0].id,
                rule="opted_out",
                at=now,
            ),
        )
    )
    session.flush()


def left_of(session: Session, marks: list[str]) -> list[str]:
    """Return every place, as table.column, in which one of the marks still stands."""
    found: list[str] = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            cells = session.scalars(select(cast(column, Text)).where(column.is_not(None)))
            for cell in cells:
                text = str(cell)
                plain = text.encode().decode("unicode_escape", "replace") if "\\u" in text else text
                if any(mark in text or mark in plain or json.dumps(mark)[1:-1] in text for mark in marks):
                    found.append(f"{table.name}.{column.name}")
                    break
    return found


def test_nothing_is_left_of_an_erased_friend_in_any_column_of_any_table(database: Database) -> None:
    with database.begin() as session:
        a_marked_friend(session, A_SATURDAY)
    with database.reading() as session:
        everywhere = left_of(session, [*MARKS.values(), str(NUMBER)])
    assert {"friends.display_name", "inbound_events.raw", "message_versions.content"} <= set(everywhere)
    with database.begin() as session:
        kept = erasing.erase(session, NUMBER, "operator:1", A_SATURDAY)
    with database.reading() as session:
        assert left_of(session, list(MARKS.values())) == []
        # The bare number, which leads to nobody any more, stays in the log of who did what.
        assert set(left_of(session, [str(NUMBER)])) <= {"audit_entries.subject"}
        bought = session.scalars(select(Purchase)).one()
        assert (kept, bought.friend_id, bought.member_number, bought.amount_yen) == (1, None, None, 1000)
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert last is not None
        assert (last.action, last.details) == ("friend_erased", {"purchases_kept": 1})


def test_every_table_that_points_at_a_friend_says_what_happens_when_they_go() -> None:
    pointing: dict[str, Any] = {
        f"{table.name}.{key.parent.name}": key.ondelete
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "friends"
    }
    assert {place for place, rule in pointing.items() if rule not in {"CASCADE", "SET NULL"}} == set()


def test_facts_of_those_they_brought_in_equal_a_rebuild(database: Database) -> None:
    with database.begin() as session:
        referrer, newcomer = a_friend(session), a_friend(session, followed_at=days_ago(1))
        code = referrals.code_of(session, referrer)
        referrals.enter(session, newcomer, code, A_SATURDAY)
        a_purchase(session, newcomer)
        facts.learn_purchases(session, newcomer.id, A_SATURDAY)
        ids = referrer.id, newcomer.id
    with database.begin() as session:
        assert session.get_one(Facts, ids[0]).referral_count == 1
        erasing.erase(session, ids[1], "operator:1", A_SATURDAY)
    with database.begin() as session:
        kept = session.get_one(Facts, ids[0])
        before = {column.name: getattr(kept, column.name) for column in Facts.__table__.columns}
        assert before["referral_count"] == 0
        again = rebuilding.rebuild(session, ids[0], A_SATURDAY)
        session.refresh(again)
        assert {column.name: getattr(again, column.name) for column in Facts.__table__.columns} == before


def test_who_follows_again_after_an_erasure_is_a_new_friend(database: Database) -> None:
    with database.begin() as session:
        a_marked_friend(session, A_SATURDAY)
        erasing.erase(session, NUMBER, "operator:1", A_SATURDAY)
    with database.begin() as session:
        again = friends.ensure(session, MARKS["line_user_id"], A_SATURDAY)
        assert friends.follow(session, again, A_SATURDAY)
        assert (again.id != NUMBER, again.display_name, again.member_number) == (True, "", None)
        assert session.get_one(Facts, again.id).purchase_count == 0


def test_a_friend_to_whom_a_message_is_on_its_way_is_erased_only_afterwards(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session).id
        session.add(
            Delivery(
                friend_id=friend,
                kind=DeliveryKind.STEP,
                purpose=Purpose.CARE,
                state=DeliveryState.SENDING,
                created_at=A_SATURDAY,
            )
        )
    with database.begin() as session, pytest.raises(Conflict, match="erase_while_sending"):
        erasing.erase(session, friend, "operator:1", A_SATURDAY)


def test_files_exported_before_an_erasure_are_deleted_by_it(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session).id
        made = DataExport(asked_at=A_SATURDAY, asked_by="x", state=ExportState.DONE, expires_at=A_SATURDAY)
        session.add(made)
        session.flush()
        session.add(ExportPiece(export_id=made.id, number=0, data=b"PK"))
        erasing.erase(session, friend, "operator:1", A_SATURDAY)
        assert session.scalar(select(func.count()).select_from(ExportPiece)) == 0
        assert [each.state for each in exporting.lately(session)] == [ExportState.GONE]


@pytest.mark.parametrize("typed", ["", "印太郎", "別の人"])
def test_another_name_than_the_friends_erases_nobody(sqlite: Database, typed: str) -> None:
    with sqlite.begin() as session:
        friend = a_friend(session, display_name="印太郎丸").id
        with pytest.raises(Invalid, match="erase_name_differs"):
            erasing.confirm(session, friend, typed)
        assert erasing.confirm(session, friend, " 印太郎丸 ").id == friend


def test_a_wording_that_others_got_too_stays(sqlite: Database) -> None:
    with sqlite.begin() as session:
        friend, message = a_friend(session), a_message(session, "みなさまへ")
        version = session.scalars(select(MessageVersion)).one()
        session.add(
            Delivery(
                friend_id=friend.id,
                kind=DeliveryKind.STEP,
                purpose=Purpose.CARE,
                state=DeliveryState.ACCEPTED,
                message_version_id=version.id,
                created_at=A_SATURDAY,
            )
        )
        erasing.erase(session, friend.id, "operator:1", A_SATURDAY)
        assert session.scalars(select(MessageVersion.message_id)).all() == [message.id]
