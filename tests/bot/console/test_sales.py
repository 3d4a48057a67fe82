"""Analysis of sales: every page with its figures and its file; a big shop's as of the night; coupons for a segment."""

import csv
import io

import pytest
from sqlalchemy import select

from bot.models import Role
from scheduler.jobs import Job
from segments import analyses_asked, coupon_giving, facts, sales_figures, saved
from segments.conditions import parse
from segments.models import Coupon, CouponGrant, Purchase, PurchaseItem
from tests.bot.browsing import Visitor
from tests.builders import a_friend, a_product, a_purchase, days_ago
from tests.fakes.clock import A_SATURDAY
from tests.fakes.queue import FakeQueue

SALES = "/console/sales/"


@pytest.fixture
def shop(visitor: Visitor) -> Visitor:
    """Return a shop with three purchases of two friends."""
    with visitor.services.database.begin() as session:
        tea = a_product(session, code="TEA", name="=深蒸し茶", name_en="Fukamushi", category="緑茶")
        pot = a_product(session, code="POT", name="急須", category="茶器")
        one, two = a_friend(session), a_friend(session)
        for friend, days, product in ((one, 200, tea), (one, 20, pot), (two, 10, tea)):
            bought = a_purchase(session, friend, bought_at=days_ago(days), amount_yen=1000)
            item = {"line": 1, "product_id": product.id, "quantity": 2, "amount_yen": 1000}
            session.add(PurchaseItem(purchase_id=bought.id, **item))
        session.flush()
        facts.learn_purchases_many(session, {one.id, two.id}, A_SATURDAY, announce=False)
    return visitor


def rows(visitor: Visitor, path: str) -> list[list[str]]:
    answer = visitor.get(SALES + path)
    assert answer.mimetype == "text/csv", path
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_every_analysis_is_shown_and_handed_out(shop: Visitor) -> None:
    shop.log_in(Role.VIEWER)
    for path, words in {
        "?period=365": "3,000円",
        "?period=365&of=categories": "茶器",
        "times?period=365": "曜日と時間帯ごとの注文数",
        "next?product=TEA": "次に買われた商品の記録がまだありません",
        "repeating?period=365": "50.0%",
        "cohorts": "2026-05",
        "values": "全体のLTV",
        "deciles": "デシルごとの売上の割合",
    }.items():
        answer = shop.get(SALES + path)
        assert answer.status_code == 200, path
        assert words in answer.text, path
    assert rows(shop, "?period=365&format=csv")[1][:4] == ["'=深蒸し茶", "TEA", "緑茶", "4"]
    assert len(rows(shop, "times?period=365&format=csv")) == 25
    assert rows(shop, "repeating?period=365&format=csv")[-1][1:] == ["2", "1", "0", "0.0"]
    for path in ("cohorts", "values", "deciles", "next?product=TEA&x=1"):
        assert rows(shop, f"{path}{'&' if '?' in path else '?'}format=csv")[0]


def test_a_period_stands_in_the_address_and_a_wrong_one_is_told(shop: Visitor) -> None:
    shop.log_in()
    page = shop.get(f"{SALES}?since=2026-11-01&until=2026-11-21").text
    assert 'value="2026-11-01"' in page
    assert "2,000円" in page
    for wrong in (
        "since=2026-11-21&until=2026-11-01",
        "since=yesterday",
        "period=7",
        "until=9999-12-31&since=1",
    ):
        answer = shop.get(f"{SALES}?{wrong}")
        assert answer.status_code == 200
        assert "期間" in answer.text.partition("alert-warning")[2][:200], wrong
    assert "この期間に購入はありません" in shop.get(f"{SALES}?since=2020-01-01&until=2020-02-01").text


def test_a_big_shop_is_added_up_by_a_job_and_says_as_of_when(shop: Visitor) -> None:
    services = shop.services
    with services.database.begin() as session:
        first = session.scalars(select(Purchase).order_by(Purchase.id)).first()
        assert first is not None
        far = {"order_id": "far", "friend_id": first.friend_id, "bought_at": days_ago(400), "amount_yen": 1}
        session.add(Purchase(id=sales_figures.SMALL + 1, source="test", created_at=A_SATURDAY, **far))
    shop.log_in(Role.OPERATOR)
    path = f"{SALES}?period=365"
    assert "この期間の集計はまだありません" in shop.get(path).text
    assert "この期間の集計はまだありません" in shop.get(f"{SALES}cohorts").text
    answer = shop.post(f"{SALES}recompute", {"key": "", "next": path})
    assert answer.location == path
    assert "集計し直しています" in shop.get(path).text
    told = shop.get(f"{SALES}progress").json
    assert told
    assert (told["live"], told["done"]) == (True, 0)
    queue = services.queue
    assert isinstance(queue, FakeQueue)

    def analyse(attempt: int) -> None:
        analyses_asked.work(services.database, services.clock, attempt)

    assert queue.run({Job.ANALYSE: analyse}) == 1
    page = shop.get(path).text
    assert "3,000円" in page
    assert "2026年11月21日（土） 14:30 現在" in page
    shop.post(f"{SALES}recompute", {"key": "nonsense"})
    assert queue.waiting == {}


def test_a_coupon_is_made_given_to_a_segment_and_stopped(shop: Visitor) -> None:
    services = shop.services
    with services.database.begin() as session:
        segment = saved.create(session, "全員", parse({"is": "everyone"}), "test", A_SATURDAY).id
    shop.log_in(Role.OPERATOR)
    terms = {"title": "春の感謝", "title_en": "", "discount_yen": "300", "valid_days": "14"}
    own = shop.submit("/console/coupons/new", terms).location
    asked = shop.get(f"{own}/give?segment={segment}").text
    assert "セグメント「全員」の2人に" in asked
    assert "合計で600円" in asked
    shop.submit(f"{own}/give?segment={segment}", {"segment": segment}, to=f"{own}/give")
    queue = services.queue
    assert isinstance(queue, FakeQueue)

    def give(key: str, audience_id: int) -> None:
        coupon_giving.work(services.database, services.clock, key, audience_id)

    assert "お渡ししています" in shop.get(own).text
    assert queue.run({Job.GIVE_COUPONS: give}) == 1
    assert "2 / 2" in shop.get(own).text
    shop.post(f"{own}/stop")
    assert "停止中" in shop.get("/console/coupons/").text
    refused = shop.get(shop.submit(own, {"segment": segment}, to=f"{own}/give").location).text
    assert "このクーポンはお渡しを止めています。" in refused
    with services.database.reading() as session:
        assert len(session.scalars(select(CouponGrant)).all()) == 2
        assert session.scalars(select(Coupon.stopped_at)).all() == [A_SATURDAY]
    shop.post(f"{own}/stop", {"again": "1"})
    assert "停止中" not in shop.get("/console/coupons/").text


def test_the_pages_speak_english(shop: Visitor) -> None:
    shop.log_in()
    shop.post("/console/language", {"language": "en"})
    for path, words in {
        "?period=365": "Fukamushi",
        "times": "Orders by weekday and hour",
        "repeating?period=365": "F2 conversion",
        "cohorts": "Purchases after the first",
        "values": "LTV of all",
        "deciles": "Cumulative share",
    }.items():
        assert words in shop.get(SALES + path).text, path
