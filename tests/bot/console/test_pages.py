"""Home, friends, questions, parked events, the till, languages, headers and error pages."""

import re

import pytest
from sqlalchemy import select

from bot.models import InboundEvent, InboundState, Role
from bot.security import CSP
from scheduler import quota
from scheduler.gateway import Quota
from scheduler.models import Delivery, DeliveryKind, DeliveryState, Purpose
from segments import members
from segments.models import ChatMessage, Direction, Friend, Question, StageChange
from tests.bot.browsing import Visitor
from tests.builders import a_friend, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    return visitor.log_in()


def a_question(owner: Visitor) -> int:
    with owner.services.database.begin() as session:
        friend = a_friend(session, display_name="<i>さくら</i>")
        said = ChatMessage(
            friend_id=friend.id, direction=Direction.IN, kind="text", text="<b>送料</b>は？", at=days_ago(0.1)
        )
        session.add(said)
        session.flush()
        question = Question(friend_id=friend.id, message_id=said.id, asked_at=said.at)
        session.add(question)
        session.flush()
        return question.id


def test_an_empty_home_says_what_to_do(owner: Visitor) -> None:
    page = owner.get("/console/").text
    assert "まだ友だちがいません" in page
    assert "CSVファイルから友だちを取り込んで" in page
    assert "今日はまだ配信がありません" in page


def test_home_counts_stages_questions_parked_events_and_todays_deliveries(owner: Visitor) -> None:
    a_question(owner)
    with owner.services.database.begin() as session:
        friends = [a_friend(session, facts={"stage": stage}) for stage in ("regular", "regular", "exit")]
        for state, at in ((DeliveryState.ACCEPTED, A_SATURDAY), (DeliveryState.FAILED, days_ago(2))):
            session.add(
                Delivery(
                    friend_id=friends[0].id,
                    kind=DeliveryKind.STEP,
                    purpose=Purpose.CARE,
                    state=state,
                    created_at=at,
                )
            )
    page = owner.get("/console/").text
    told = re.findall(r'aria-label="(\w+): (\d+)人', page)
    assert told == [
        ("常連", "2"),
        ("既存", "0"),
        ("トライアル", "0"),
        ("見込み", "0"),
        ("認知", "1"),
        ("離脱", "1"),
    ]
    assert "受付済み" in page
    assert "失敗" not in page


def test_a_question_is_shown_as_it_was_written_and_marked_handled(owner: Visitor) -> None:
    number = a_question(owner)
    page = owner.get("/console/questions/").text
    assert "&lt;b&gt;送料&lt;/b&gt;は？" in page
    assert "2026年11月21日（土） 12:06" in page
    owner.post(f"/console/questions/{number}/answered")
    with owner.services.database.reading() as session:
        answered = session.get_one(Question, number)
    assert (answered.answered_by, answered.answered_at) == ("花子", A_SATURDAY)
    assert "お待ちの質問はありません" in owner.get("/console/questions/").text


def asked(owner: Visitor, friend_id: int, text: str | None) -> int:
    with owner.services.database.begin() as session:
        said = ChatMessage(
            friend_id=friend_id, direction=Direction.IN, kind="text", text=text, at=days_ago(0.05)
        )
        session.add(said)
        session.flush()
        question = Question(friend_id=friend_id, message_id=said.id, asked_at=said.at)
        session.add(question)
        session.flush()
        return question.id


def test_questions_stand_together_by_friend_and_are_marked_handled_together(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        sakura, ichiro = (a_friend(session, display_name=name).id for name in ("さくら", "一郎"))
    asked(owner, sakura, "送料は？")
    asked(owner, ichiro, "長い" * 100)
    last = asked(owner, sakura, "営業時間は？")
    page = owner.get("/console/questions/").text
    assert page.index("送料は？") < page.index("営業時間は？") < page.index("一郎")
    assert page.count("件をまとめて対応済みにする") == 1
    assert "<details" in page
    meanwhile = asked(owner, sakura, "駐車場は？")
    owner.post(f"/console/questions/friends/{sakura}/answered", {"up_to": str(last)})
    with owner.services.database.reading() as session:
        waiting = session.scalars(select(Question).where(Question.answered_at.is_(None))).all()
    assert {each.id for each in waiting if each.friend_id == sakura} == {meanwhile}
    assert {each.friend_id for each in waiting} == {sakura, ichiro}


def test_a_message_without_text_is_told_as_that_also_once_handled(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        friend = a_friend(session).id
    number = asked(owner, friend, None)
    assert "（文章のないメッセージ）" in owner.get("/console/questions/").text
    owner.post(f"/console/questions/{number}/answered")
    assert "（文章のないメッセージ）" in owner.get("/console/questions/").text


def test_home_tells_free_replies_and_when_line_was_asked_for_its_count(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        quota.note_use(session, Quota(200, 12), A_SATURDAY)
        friend = a_friend(session)
        for kind in (DeliveryKind.REPLY, DeliveryKind.STEP):
            session.add(
                Delivery(
                    friend_id=friend.id,
                    kind=kind,
                    purpose=Purpose.SERVICE,
                    state=DeliveryState.ACCEPTED,
                    created_at=A_SATURDAY,
                )
            )
    page = owner.get("/console/").text
    assert "うち無料の応答 1通" in page
    assert "2026年11月21日（土） 14:30時点" in page


@pytest.mark.parametrize(
    ("button", "state"), [("retry", InboundState.PENDING), ("dismiss", InboundState.IGNORED)]
)
def test_a_parked_event_is_tried_again_or_let_go(owner: Visitor, button: str, state: InboundState) -> None:
    with owner.services.database.begin() as session:
        session.add(
            InboundEvent(
                webhook_event_id="e1",
                kind="message",
                occurred_at=days_ago(1),
                received_at=days_ago(1),
                raw={"message": {"text": "ひみつ"}},
                state=InboundState.PARKED,
                attempts=8,
                next_attempt_at=days_ago(1),
                error="KeyError",
            )
        )
    page = owner.get("/console/parked/").text
    assert "KeyError" in page
    assert "ひみつ" not in page
    owner.post(f"/console/parked/1/{button}")
    with owner.services.database.reading() as session:
        assert session.get_one(InboundEvent, 1).state is state
    assert owner.post(f"/console/parked/1/{button}").status_code == 404


@pytest.mark.parametrize("words", ["さくら", "サク", "M-77"])
def test_a_friend_is_found_by_name_reading_or_member_number(owner: Visitor, words: str) -> None:
    with owner.services.database.begin() as session:
        a_friend(session, display_name="佐藤 さくら", kana="サトウ サクラ", member_number="M-77")
        a_friend(session, display_name="鈴木 一郎")
    page = owner.client.get("/console/friends/", query_string={"q": words}).text
    assert "佐藤 さくら" in page
    assert "鈴木 一郎" not in page


def test_signs_of_like_mean_themselves_in_a_search(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        a_friend(session, display_name="100%果汁")
        a_friend(session, display_name="100円")
    page = owner.client.get("/console/friends/", query_string={"q": "0%"}).text
    assert "100%果汁" in page
    assert "100円" not in page


def test_the_list_of_friends_goes_on_after_the_last_one_shown(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        for number in range(60):
            a_friend(session, display_name=f"友{number:02}")
    first = owner.get("/console/friends/").text
    following = re.search(r'href="(/console/friends/\?after=[-.\d]+)"', first)
    assert following
    second = owner.get(following[1]).text
    shown = [re.findall(r">(友\d\d)</a>", page) for page in (first, second)]
    assert [len(page) for page in shown] == [50, 10]
    assert len(set(shown[0] + shown[1])) == 60


def test_a_friends_page_tells_stage_reason_purchases_chat_and_deliveries(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        friend = a_friend(
            session,
            display_name="佐藤",
            facts={"stage": "existing", "stage_reason": "full_price", "full_price_count": 2},
        )
        a_purchase(session, friend, order_id="A-1", amount_yen=2980)
        session.add_all(
            (
                StageChange(
                    friend_id=friend.id,
                    from_stage="trial",
                    to_stage="existing",
                    reason="full_price",
                    at=days_ago(1),
                ),
                StageChange(
                    friend_id=friend.id,
                    ladder="class",
                    from_stage="new",
                    to_stage="lapsed",
                    reason="class_lapsed",
                    reason_params={"at": days_ago(300).isoformat()},
                    at=days_ago(1),
                ),
                ChatMessage(
                    friend_id=friend.id, direction=Direction.OUT, kind="text", text="ようこそ", at=days_ago(1)
                ),
                Delivery(
                    friend_id=friend.id,
                    kind=DeliveryKind.STEP,
                    purpose=Purpose.SALES,
                    state=DeliveryState.SKIPPED,
                    reason="opted_out",
                    created_at=days_ago(1),
                ),
            )
        )
    page = owner.get(f"/console/friends/{friend.id}").text
    for words in (
        "正規価格の商品を購入しました（2回）",
        "顧客分類: 新規顧客 → 離脱客",
        "最後の購入（2026年1月25日）から",
        "A-1",
        "2,980円",
        "ようこそ",
        "見送り",
        "配信停止を希望されています",
    ):
        assert words in page, words


def test_the_till_gets_a_code_that_links_the_member_number(visitor: Visitor) -> None:
    visitor.log_in(Role.TILL)
    page = visitor.submit("/console/till/", {"member_number": "M-1"}).text
    code = re.search(r'user-select-all">(\w+)<', page)
    assert code
    with visitor.services.database.begin() as session:
        friend: Friend = a_friend(session)
        assert members.link(session, friend, code[1], A_SATURDAY) == "M-1"
    assert "会員番号を入力してください" in visitor.submit("/console/till/", {"member_number": " "}).text


def test_the_language_is_switched_by_a_button_and_remembered(owner: Visitor) -> None:
    owner.post("/console/language", {"language": "en", "next": "/console/friends/"})
    page = owner.get("/console/friends/").text
    assert '<html lang="en">' in page
    assert "Name, reading, member number or tag" in page
    other = Visitor(owner.app)
    other.try_to_log_in("hanako", "ringo mikan budou")
    assert "Customer pyramid" in other.get("/console/").text


def test_every_page_forbids_what_is_not_its_own(owner: Visitor) -> None:
    for path in ("/console/", "/console/broadcasts/new", "/console/nowhere", "/healthz", "/api/v1/docs"):
        headers = owner.get(path).headers
        assert headers["Content-Security-Policy"] == CSP
        assert headers["X-Content-Type-Options"] == "nosniff"
    page = owner.get("/console/broadcasts/new").text
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", page)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/console/nowhere", 404, "ページが見つかりません"),
        ("/console/friends/9", 404, "友だちが見つかりません"),
    ],
)
def test_an_error_is_told_in_words(owner: Visitor, path: str, status: int, words: str) -> None:
    answer = owner.get(path)
    assert answer.status_code == status
    assert words in answer.text


def test_a_fault_inside_is_not_told_outside(owner: Visitor) -> None:
    def fail() -> str:
        message = "the secret is 42"
        raise RuntimeError(message)

    owner.app.view_functions["friends.index"] = fail
    answer = owner.get("/console/friends/")
    assert answer.status_code == 500
    assert "申し訳ありません" in answer.text
    assert "secret" not in answer.text


def test_one_chooses_ones_own_line_and_a_viewer_may_too(visitor: Visitor) -> None:
    with visitor.services.database.begin() as session:
        me = a_friend(session, display_name="わたし").id
    visitor.log_in(Role.VIEWER)
    assert "わたし" in visitor.client.get("/console/account/", query_string={"q": "わた"}).text
    visitor.post("/console/account/", {"friend_id": str(me)})
    assert "テスト送信は わたし に届きます。" in visitor.get("/console/account/").text
    visitor.post("/console/account/", {"name": "新しい名前"})
    page = visitor.get("/console/account/").text
    assert "新しい名前" in page
    assert "テスト送信は わたし に届きます。" in page
