"""The till: coupons used up, member numbers linked; and the page of coupons."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.line.handlers.asked import Action
from bot.line.handlers.keywords import understand
from bot.line.links import LINK_MEMBER, member_link
from bot.models import AuditEntry, Role
from segments import coupons, shop
from segments.models import Coupon, CouponGrant
from segments.shop import Shop
from tests.bot.browsing import Visitor
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY, FakeClock

TILL = "/console/till/"
COUPONS = "/console/coupons/"
TERMS: dict[str, Any] = {"title": "ご紹介", "title_en": "Referral", "discount_yen": "800", "valid_days": "30"}


def a_coupon(visitor: Visitor) -> str:
    with visitor.services.database.begin() as session:
        friend = a_friend(session, display_name="<b>さくら</b>")
        return coupons.grant(session, "referral_newcomer", friend.id, "test", A_SATURDAY).code


def look(visitor: Visitor, code: str) -> str:
    return visitor.client.get(TILL, query_string={"coupon": code}).text


def test_a_coupon_is_shown_and_used_with_one_tap_and_never_twice(visitor: Visitor) -> None:
    code = a_coupon(visitor)
    visitor.log_in(Role.TILL)
    page = look(visitor, f" {code[:4].lower()}-{code[4:]} ")
    for words in (
        "ご紹介ありがとうクーポン",
        "500円引き",
        "&lt;b&gt;さくら&lt;/b&gt;",
        "2027年2月19日（金） 14:30",
    ):
        assert words in page, words
    answer = visitor.post("/console/till/coupon", {"coupon": code})
    assert answer.location == f"{TILL}?coupon={code}"
    page = visitor.get(answer.location).text
    assert "「ご紹介ありがとうクーポン」を使いました。お会計から500円をお引きください。" in page
    assert "2026年11月21日（土） 14:30 に使われました。もう使えません。" in page
    assert "このクーポンを使う" not in page
    page = visitor.get(visitor.post("/console/till/coupon", {"coupon": code}).location).text
    assert "このクーポンはすでに使われています。" in page
    with visitor.services.database.reading() as session:
        assert session.scalars(select(CouponGrant.redeemed_by)).one() == "operator:1"
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "coupon_redeemed")).all()
        assert [each.subject for each in noted] == [code]


def test_an_expired_coupon_is_not_used(visitor: Visitor, clock: FakeClock) -> None:
    code = a_coupon(visitor)
    clock.advance(timedelta(days=91))
    visitor.log_in(Role.TILL)
    assert "期限が切れています。使えません。" in look(visitor, code)
    page = visitor.get(visitor.post("/console/till/coupon", {"coupon": code}).location).text
    assert "このクーポンは期限が切れています。" in page


@pytest.mark.parametrize("code", ["NOSUCH22", "<script>", "　"])
def test_an_unknown_code_is_told_beside_its_field(visitor: Visitor, code: str) -> None:
    visitor.log_in(Role.TILL)
    page = look(visitor, code)
    assert ("このクーポンは見つかりません。" in page) is bool(code.strip())
    assert "<script>" not in page.replace('<script src="', "")
    assert visitor.post("/console/till/coupon", {"coupon": code}).status_code == 302


def test_a_link_code_is_shown_with_a_qr_code_once_the_shop_has_its_line_id(visitor: Visitor) -> None:
    visitor.log_in(Role.TILL)
    page = visitor.submit(TILL, {"member_number": "M-1"}).text
    assert "ベーシックIDを入力すると" in page
    assert "<svg" not in page
    with visitor.services.database.begin() as session:
        shop.save(session, Shop(basic_id="@midori"), A_SATURDAY)
    page = visitor.submit(TILL, {"member_number": "M-1"}).text
    assert "<svg" in page
    assert not re.search(r"\sstyle=|<style", page)


def test_the_text_in_the_qr_code_is_one_the_bot_understands() -> None:
    link = member_link("@midori", "ABCD2345")
    assert link.startswith("https://line.me/R/oaMessage/%40midori/?%E4%BC%9A")
    understood = understand(f"{LINK_MEMBER} ABCD2345")
    assert (understood.action, understood.code) == (Action.LINK_MEMBER, "ABCD2345")


def test_the_terms_of_a_coupon_are_changed(visitor: Visitor) -> None:
    a_coupon(visitor)
    visitor.log_in(Role.OPERATOR)
    assert "ご紹介のお礼クーポン" in visitor.get(COUPONS).text
    page = f"{COUPONS}referral_referrer"
    assert visitor.submit(page, TERMS).status_code == 302
    with visitor.services.database.reading() as session:
        kept = session.scalars(select(Coupon).where(Coupon.key == "referral_referrer")).one()
        assert (kept.title, kept.discount_yen, kept.valid_days) == ("ご紹介", 800, 30)
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "coupon_changed")).one()
        assert (noted.actor, noted.subject) == ("operator:1", "referral_referrer")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("title", " ", "クーポンの名前を入力してください。"),
        ("title_en", "x" * 65, "64文字以内で入力してください。"),
        ("discount_yen", "0", "1から1,000,000までの数字で入力してください。"),
        ("discount_yen", "-5", "1から1,000,000までの数字で入力してください。"),
        ("valid_days", "3651", "1から3,650までの数字で入力してください。"),
        ("valid_days", "五", "1から3,650までの数字で入力してください。"),
    ],
)
def test_terms_that_make_no_sense_are_told_beside_their_field(
    visitor: Visitor, field: str, value: str, words: str
) -> None:
    visitor.log_in()
    typed = TERMS | {"title": "書きかけ"} | {field: value}
    answer = visitor.submit(f"{COUPONS}referral_newcomer", typed)
    assert answer.status_code == 422
    place = answer.text.index(f'id="referral_newcomer-{field}-error"')
    assert words in answer.text[place : place + 300]
    assert ("書きかけ" in answer.text) is (field != "title")
    with visitor.services.database.reading() as session:
        assert session.scalars(select(Coupon)).all() == []


def test_a_coupon_that_does_not_exist_is_not_found(visitor: Visitor) -> None:
    visitor.log_in()
    assert visitor.submit(COUPONS, TERMS, to=f"{COUPONS}nowhere").status_code == 404
