"""Coupons used up through the API."""

from datetime import timedelta

from sqlalchemy import select

from bot.models import AuditEntry
from bot.services import Services
from segments import coupons
from segments.models import CustomerEvent, EventKind
from tests.bot.api.conftest import Caller
from tests.builders import a_friend
from tests.fakes.clock import A_SATURDAY, FakeClock


def a_coupon(services: Services) -> str:
    with services.database.begin() as session:
        friend = a_friend(session)
        return coupons.grant(session, "referral_newcomer", friend.id, "test", A_SATURDAY).code


def test_a_coupon_is_used_once_and_the_second_call_is_told_when(caller: Caller, services: Services) -> None:
    code = a_coupon(services)
    typed = f"{code[:4].lower()}-{code[4:]}"
    answer = caller.post(f"/coupons/{typed}/redeem")
    assert answer.status_code == 200
    told = answer.get_json()
    assert (told["code"], told["discount_yen"], told["friend_id"]) == (code, 500, 1)
    assert told["redeemed_at"] == "2026-11-21T05:30:00Z"
    again = caller.post(f"/coupons/{code}/redeem")
    assert (again.status_code, again.get_json()["code"]) == (409, "coupon_redeemed")
    assert again.get_json()["details"] == {"at": "2026-11-21T05:30:00+00:00", "by": "api:1"}
    with services.database.reading() as session:
        used = CustomerEvent.kind == EventKind.COUPON_REDEEMED
        assert len(session.scalars(select(CustomerEvent).where(used)).all()) == 1
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "coupon_redeemed")).one()
        assert (noted.actor, noted.subject) == ("api:1", code)


def test_unknown_and_expired_codes_are_refused(caller: Caller, services: Services, clock: FakeClock) -> None:
    code = a_coupon(services)
    unknown = caller.post("/coupons/NOSUCH22/redeem")
    assert (unknown.status_code, unknown.get_json()["code"]) == (404, "coupon_unknown")
    clock.advance(timedelta(days=91))
    expired = caller.post(f"/coupons/{code}/redeem")
    assert (expired.status_code, expired.get_json()["code"]) == (422, "coupon_expired")
