"""Messages and yen, the second person's word and the kill switch, as operators meet them in the console."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from bot.models import AuditEntry, Role
from scheduler import broadcasts, drafts, kill_switch, mail_settings, meter, quota
from scheduler.drafts import Draft
from scheduler.gateway import Quota
from scheduler.mail_settings import MailSettings
from scheduler.models import Broadcast, BroadcastState
from scheduler.reasons import Reason
from segments import shop
from segments.shop import Shop
from tests.bot.browsing import Visitor
from tests.builders import a_friend, days_ago, many_friends
from tests.fakes.clock import A_SATURDAY
from tests.scheduler.budget_shop import a_step

MONEY = "/console/money/"
HELLO: dict[str, Any] = {"ja": [{"type": "text", "text": "こんにちは"}]}


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    with visitor.services.database.begin() as session:
        for _ in range(3):
            a_friend(session)
    return visitor.log_in()


def settings(visitor: Visitor) -> Shop:
    with visitor.services.database.reading() as session:
        return shop.load(session)


def told(visitor: Visitor) -> list[str]:
    """Return what the operators' log says was done."""
    with visitor.services.database.reading() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def waiting(visitor: Visitor, by: str, **fields: Any) -> int:
    """Add a broadcast that waits for approval."""
    with visitor.services.database.begin() as session:
        shop.save(session, Shop(approval_above=2), A_SATURDAY)
        draft = Draft("秋", HELLO, condition={"is": "everyone"}, **fields)
        number = drafts.create(session, draft, now=A_SATURDAY, by=by).id
        broadcasts.schedule(session, visitor.services.queue, number, None, A_SATURDAY, by)
    return number


def approve(visitor: Visitor, number: int) -> None:
    """Press the button on the page of a broadcast that waits for approval."""
    forms = visitor.forms(f"/console/broadcasts/{number}")
    form = next(each for each in forms if each.action.endswith("approve"))
    visitor.post(form.action, {"seen": form.fields["seen"][0]})


def state(visitor: Visitor, number: int) -> BroadcastState:
    with visitor.services.database.reading() as session:
        return session.get_one(Broadcast, number).state


def test_the_month_is_shown_with_its_forecast_and_its_cheapest_plan(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        quota.choose_plan(session, "light", A_SATURDAY)
        meter.claim(session, 150, A_SATURDAY, sales=False)
    page = owner.get(MONEY).text
    assert "150" in page
    assert "「コミュニケーションプラン」が最も安く、5,000円の節約になります" in page
    assert "まだ照合していません" in page


def test_the_cheapest_plan_is_one_that_has_room_for_what_waits(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        quota.choose_plan(session, "light", A_SATURDAY)
        quota.note_use(session, Quota(5_000, 5_000), A_SATURDAY)
        for _ in range(3):
            a_step(session, A_SATURDAY, reason=Reason.PLAN_FULL)
        meter.note_holding(session, A_SATURDAY)
    page, home = owner.get(MONEY).text, owner.get("/console/").text
    for shown in (page, home):
        assert "いま待っている3通も含めた数です" in shown
    assert "いま待っている3通を加えた5,003通で計算しています" in page
    assert "節約になります" not in page
    light = page[
        page.index("<strong>ライトプラン</strong>") : page.index("<strong>スタンダードプラン</strong>")
    ]
    assert "今月の見込みには通数が足りません" in light
    assert "今月の最安" not in light


def test_a_budget_is_set_changed_and_taken_away_and_each_is_written_down(owner: Visitor) -> None:
    owner.submit(MONEY, {"budget": "20000", "approval_above": ""}, to=f"{MONEY}limits")
    assert settings(owner).monthly_budget_yen == 20_000
    owner.submit(MONEY, {"budget": "", "approval_above": ""}, to=f"{MONEY}limits")
    assert settings(owner).monthly_budget_yen is None
    assert told(owner)[-2:] == ["shop_changed", "shop_changed"]


@pytest.mark.parametrize("budget", ["-1", "2万", "1.5", "9" * 30])
def test_a_budget_that_is_none_is_refused_beside_its_field_and_kept_in_it(
    owner: Visitor, budget: str
) -> None:
    answer = owner.submit(MONEY, {"budget": budget, "approval_above": "7"}, to=f"{MONEY}limits")
    assert answer.status_code == 422
    assert f'value="{budget}"' in answer.text
    assert settings(owner) == Shop()


def test_a_second_person_is_asked_for_only_where_there_is_one(owner: Visitor) -> None:
    fields = {"budget": "", "approval_above": "100"}
    refused = owner.submit(MONEY, fields, to=f"{MONEY}limits")
    assert refused.status_code == 422
    assert "2人以上必要です" in refused.text
    Visitor(owner.app).log_in(Role.OPERATOR, "taro")
    owner.submit(MONEY, fields, to=f"{MONEY}limits")
    assert settings(owner).approval_above == 100


def test_a_plan_is_added_used_changed_and_taken_back(owner: Visitor) -> None:
    new = {"key": "own", "name": "自店プラン", "monthly": "9000", "included": "8000", "extra": "1000:3, 2"}
    assert owner.submit(f"{MONEY}plans/new", new).location == MONEY
    page = owner.get(MONEY).text
    assert "自店プラン" in page
    assert "1通3円（追加1,000通まで）、その先は1通2円" in page
    assert owner.submit(f"{MONEY}plans/new", new).status_code == 422
    wrong = owner.submit(f"{MONEY}plans/own", new | {"extra": "たくさん"})
    assert "のように" in wrong.text
    owner.post(f"{MONEY}plans/own/remove")
    assert "自店プラン" not in owner.get(MONEY).text
    assert owner.get(f"{MONEY}plans/own").status_code == 404


def test_who_only_reads_sees_the_month_and_changes_nothing(visitor: Visitor) -> None:
    visitor.log_in(Role.VIEWER)
    assert visitor.get(MONEY).status_code == 200
    assert visitor.post(f"{MONEY}limits", {"budget": "1"}).status_code == 403
    assert visitor.post("/console/stop/").status_code == 403
    assert visitor.post("/console/stop/start").status_code == 403


def test_the_price_tells_what_else_is_planned_and_by_how_much_the_budget_is_exceeded(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        own = quota.Plan("own", "自店プラン", "Own", 0, 0, (quota.Tier(None, 10.0),))
        quota.save_plan(session, own, A_SATURDAY)
        quota.choose_plan(session, "own", A_SATURDAY)
        shop.save(session, Shop(monthly_budget_yen=40), A_SATURDAY)
        draft = Draft("先の配信", HELLO, condition={"is": "everyone"})
        first = drafts.create(session, draft, now=A_SATURDAY, by="test").id
        at = A_SATURDAY + timedelta(days=1)
        broadcasts.schedule(session, owner.services.queue, first, at, A_SATURDAY)
        number = drafts.create(session, draft, now=A_SATURDAY, by="test").id
    page = owner.get(f"/console/broadcasts/{number}/confirm").text
    assert "60円 / 40円" in page
    assert "今月の予算を20円超えます" in page
    assert "2人分は予算の変更または翌月を待ちます" in page


def test_an_author_asks_for_approval_and_another_operator_gives_it(owner: Visitor, app: Flask) -> None:
    other = Visitor(app).log_in(Role.OPERATOR, "taro")
    number = waiting(owner, "operator:1")
    page = owner.get(f"/console/broadcasts/{number}").text
    assert "承認待ち" in page
    assert "ご自身が作成・依頼した配信です" in page
    seen = f"{A_SATURDAY.isoformat()} {A_SATURDAY.isoformat()} 3"
    own = owner.post(f"/console/broadcasts/{number}/approve", {"seen": seen})
    assert "承認できません" in owner.get(own.location).text
    assert state(owner, number) is BroadcastState.AWAITING_APPROVAL
    approve(other, number)
    assert state(owner, number) is BroadcastState.PLANNING
    assert "花子が2026年11月21日（土） 14:30に承認しました" in owner.get(f"/console/broadcasts/{number}").text
    assert "broadcast_approved" in told(owner)


ONCE = "2020-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "seen", ["", "きのう", ONCE, f"{ONCE} {ONCE} 3", f"{ONCE} 2020-01-01 3", f"{ONCE} {ONCE} many"]
)
def test_an_approval_of_something_else_than_what_stands_there_is_refused(
    owner: Visitor, app: Flask, seen: str
) -> None:
    other = Visitor(app).log_in(Role.OPERATOR, "taro")
    number = waiting(owner, "operator:1")
    answer = other.post(f"/console/broadcasts/{number}/approve", {"seen": seen})
    assert "確認中に内容または送信先が変わりました" in other.get(answer.location).text
    assert state(owner, number) is BroadcastState.AWAITING_APPROVAL


def test_friends_whom_something_else_holds_back_are_told_as_those_at_most_approved(
    owner: Visitor, app: Flask
) -> None:
    other = Visitor(app).log_in(Role.OPERATOR, "taro")
    with owner.services.database.begin() as session:
        many_friends(session, 47)
    number = waiting(owner, "operator:1", holdout_percent=50)
    page = other.get(f"/console/broadcasts/{number}").text
    assert "いまの見込みでは50人" not in page
    assert "承認する（最大50人）" in page
    assert "<dd>すべての友だち</dd>" in page
    approve(other, number)
    assert state(owner, number) is BroadcastState.PLANNING


def test_friends_by_mail_count_for_an_approval_and_are_told_to_who_gives_it(owner: Visitor) -> None:
    with owner.services.database.begin() as session:
        mail_settings.save(session, MailSettings("みどり茶舗", "東京都", "03-0000-0000"), A_SATURDAY)
        for name in ("hanako", "taro"):
            mailed = f"{name}@example.com"
            a_friend(session, email=mailed, email_consent_at=days_ago(5), blocked_at=days_ago(1))
        shop.save(session, Shop(approval_above=4), A_SATURDAY)
        draft = Draft("秋", HELLO, condition={"is": "everyone"}, by_mail=True)
        number = drafts.create(session, draft, now=A_SATURDAY, by="operator:2").id
    assert "4人を超える配信のため" in owner.get(f"/console/broadcasts/{number}/confirm").text
    with owner.services.database.begin() as session:
        broadcasts.schedule(session, owner.services.queue, number, None, A_SATURDAY, "operator:2")
    assert "承認する（最大5人）" in owner.get(f"/console/broadcasts/{number}").text


def test_a_viewer_approves_nothing(visitor: Visitor) -> None:
    visitor.log_in(Role.VIEWER)
    assert visitor.post("/console/broadcasts/1/approve").status_code == 403
    assert visitor.post("/console/broadcasts/1/return").status_code == 403


def test_a_broadcast_is_sent_back_with_what_should_be_changed(owner: Visitor) -> None:
    number = waiting(owner, "operator:9")
    assert "承認待ちの配信" in owner.get("/console/").text
    owner.post(f"/console/broadcasts/{number}/return", {"note": "価格を直してください"})
    assert state(owner, number) is BroadcastState.DRAFT
    assert "価格を直してください" in owner.get(f"/console/broadcasts/{number}").text


def test_everything_is_stopped_and_started_again_and_every_page_says_so(owner: Visitor) -> None:
    assert "すべての配信を止めています。" not in owner.get("/console/").text
    owner.submit("/console/stop/", {"reason": "<b>誤配信</b>"})
    for path in ("/console/", "/console/broadcasts/", "/console/friends/", MONEY, "/console/stop/"):
        page = owner.get(path).text
        assert "すべての配信を止めています。" in page
        assert "花子が止めました" in page
        assert "&lt;b&gt;誤配信" in page
    with owner.services.database.reading() as session:
        assert kill_switch.is_stopped(session)
    owner.post("/console/stop/start")
    assert "すべての配信を止めています。" not in owner.get("/console/").text
    assert told(owner)[-2:] == ["everything_stopped", "everything_started"]


def test_a_reason_that_is_too_long_is_refused_and_kept(owner: Visitor) -> None:
    answer = owner.submit("/console/stop/", {"reason": "あ" * 201})
    assert answer.status_code == 422
    assert "あ" * 201 in answer.text
    assert "200文字以内" in answer.text


def test_the_pace_is_chosen_when_composing(owner: Visitor) -> None:
    fields = {
        "name": "秋",
        "audience": "everyone",
        "purpose": "sales",
        "source": "write",
        "text_ja": "こんにちは",
        "draft": "1",
    }
    refused = owner.submit("/console/broadcasts/new", fields | {"per_minute": "0"})
    assert "1以上の整数で入力してください。" in refused.text
    owner.submit("/console/broadcasts/new", fields | {"per_minute": "120"})
    with owner.services.database.reading() as session:
        (found,) = session.scalars(select(Broadcast))
    assert found.per_minute == 120
    assert 'value="120"' in owner.get(f"/console/broadcasts/{found.id}/edit").text
