"""Reports: periods in the address, every figure with its table and file, in both languages."""

import csv
import re
from datetime import date, timedelta
from io import StringIO
from itertools import pairwise

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from bot.console import report_period
from bot.console.reports import BYTE_ORDER_MARK, REPORTS
from scheduler import campaign_days
from scheduler.models import Broadcast, Delivery, DeliveryKind, DeliveryState, Purpose
from segments import day_counts, friends
from segments.models import Question, Referral, StageChange
from tests.bot.browsing import Visitor
from tests.builders import a_friend, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY as NOW

TODAY = date(2026, 11, 21)


@pytest.fixture
def owner(visitor: Visitor) -> Visitor:
    """Log in to a shop that lived a little."""
    visitor.log_in()
    database = visitor.services.database
    with database.begin() as session:
        one, two = a_friend(session, route="=店頭"), a_friend(session, followed_at=days_ago(20))
        session.add(
            StageChange(friend_id=one.id, from_stage="aware", to_stage="prospect", reason="x", at=days_ago(2))
        )
        broadcast = Broadcast(name="+秋のお知らせ", created_at=days_ago(5))
        session.add(broadcast)
        session.flush()
        session.add(
            Delivery(
                friend_id=one.id, kind=DeliveryKind.BROADCAST, purpose=Purpose.CARE, broadcast_id=broadcast.id,
                state=DeliveryState.ACCEPTED, created_at=days_ago(4), ended_at=days_ago(4),
            )
        )  # fmt: skip
        a_purchase(session, one, bought_at=days_ago(3), amount_yen=2500)
        friends.block(session, two, days_ago(1))
        session.add(Referral(referrer_id=one.id, newcomer_id=two.id, entered_at=days_ago(3)))
        for hours in (1, 2, 30):
            asked = days_ago(2) - timedelta(hours=hours)
            session.add(Question(friend_id=one.id, asked_at=asked, answered_at=days_ago(2)))
    day_counts.refresh(database, NOW)
    campaign_days.count(database, NOW)
    return visitor


def sheet(owner: Visitor, path: str) -> list[list[str]]:
    answer = owner.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.text.startswith(BYTE_ORDER_MARK)
    return list(csv.reader(StringIO(answer.text.removeprefix(BYTE_ORDER_MARK))))


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("period", ["this", "last", "3", "12"])
def test_every_report_shows_in_every_period_and_hands_out_each_figure(
    owner: Visitor, language: str, period: str
) -> None:
    owner.post("/console/language", {"language": language, "next": "/console/"})
    index = owner.get(f"/console/reports/?period={period}").text
    for name in REPORTS:
        assert f"/console/reports/{name}?period={period}" in index
        page = owner.get(f"/console/reports/{name}?period={period}").text
        assert "form-text" in page
        files = {each.replace("&amp;", "&") for each in re.findall(r'href="([^"]+\.csv\?[^"]+)"', page)}
        assert files or name == "buying"
        for file in files:
            assert sheet(owner, file)
        if language == "en":
            body = page[page.index("<main") :]
            assert not re.search(r"[ぁ-んァ-ヶ]", re.sub(r"=店頭|秋のお知らせ|みどり", "", body)), name


def test_campaigns_tell_what_followed_and_what_an_order_cost(owner: Visitor) -> None:
    rows = sheet(owner, "/console/reports/campaigns/campaigns.csv?period=this")
    assert rows[0][:2] == ["配信", "送った数"]
    assert rows[1][:7] == ["'+秋のお知らせ", "1", "0", "0", "0", "1", "2500"]
    assert rows[-1][:2] == ["合計", "1"]
    assert "配信のおかげで増えた数ではありません" in owner.get("/console/reports/campaigns?period=this").text


def test_a_file_holds_nothing_that_a_spreadsheet_would_run(owner: Visitor) -> None:
    rows = sheet(owner, "/console/reports/friends/routes.csv?period=this")
    assert rows[0] == ["期間", "'=店頭", "経路不明"]
    assert ["11/11", "1", "0"] in rows


def test_answers_tell_the_median_wait(owner: Visitor) -> None:
    page = owner.get("/console/reports/answers?period=this").text
    assert re.search(r"待ち時間の中央値（分）</dt><dd>120</dd>", page)
    assert re.search(r"24時間以内に答えた割合</dt><dd>66.7%</dd>", page)


def test_stages_tell_moves_on_the_ladder_that_is_chosen(owner: Visitor) -> None:
    page = owner.get("/console/reports/stages?period=this").text
    assert "認知 → 見込み" in page
    assert "認知 → 見込み" not in owner.get("/console/reports/stages?period=this&ladder=class").text
    assert "ladder=class" in owner.get("/console/reports/stages?period=this&ladder=class").text


def test_referrals_and_blocks_are_counted(owner: Visitor) -> None:
    assert re.search(r"紹介で来た人</dt><dd>1</dd>", owner.get("/console/reports/referrals?period=this").text)
    assert ["11/20", "1", "0", "0"] in sheet(owner, "/console/reports/friends/left.csv?period=this")


@pytest.mark.parametrize("path", ["nothing", "stages/nothing.csv", "nothing/x.csv"])
def test_a_report_that_is_not_there_is_told_so(owner: Visitor, path: str) -> None:
    assert owner.get(f"/console/reports/{path}").status_code == 404


@pytest.mark.parametrize(
    ("asked", "since", "until"),
    [
        ({"period": "this"}, date(2026, 11, 1), TODAY),
        ({"period": "last"}, date(2026, 10, 1), date(2026, 10, 31)),
        ({"period": "3"}, date(2026, 9, 1), TODAY),
        ({"period": "12"}, date(2025, 12, 1), TODAY),
        ({"period": "own", "from": "2026-02-03", "to": "2027-01-01"}, date(2026, 2, 3), TODAY),
        ({"period": "???"}, date(2026, 9, 1), TODAY),
    ],
)
def test_a_period_is_read_from_the_address(asked: dict[str, str], since: date, until: date) -> None:
    found = report_period.read(MultiDict(asked), TODAY)
    assert (found.since, found.until, found.problem) == (since, until, "")


@pytest.mark.parametrize(
    ("since", "until", "problem"),
    [
        ("2026-11-02", "2026-11-01", "後になっています"),
        ("", "2026-11-01", "両方"),
        ("x", "2026-11-01", "両方"),
        ("2027-01-01", "2027-02-01", "まだ来ていません"),
        ("1990-01-01", "2026-11-01", "3年まで"),
    ],
)
def test_days_that_make_no_sense_are_told_beside_the_field(
    owner: Visitor, since: str, until: str, problem: str
) -> None:
    page = owner.get(f"/console/reports/stages?period=own&from={since}&to={until}").text
    assert problem in re.findall(r'id="period-problem">(.*?)<', page)[0]
    assert f'value="{since}"' in page or not since


@pytest.mark.parametrize("length", [0, 1, 34, 35, 36, 100, 200, 201, 400, 1100])
def test_buckets_make_up_the_period_without_a_gap(app: Flask, length: int) -> None:
    period = report_period.Period("own", TODAY - timedelta(days=length), TODAY)
    with app.test_request_context():
        buckets = [(each.first, each.last) for each in period.buckets()]
    assert buckets[0][0] == period.since
    assert buckets[-1][1] == period.until
    assert len(buckets) <= 38
    for (_first, last), (first, _last) in pairwise(buckets):
        assert first == last + timedelta(days=1)
