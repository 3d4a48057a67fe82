"""Coupons used up at the shop's own till."""

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from bot import operators
from bot.api.access import blueprint, keyed, source
from bot.api.shapes import CouponOut
from bot.services import current_services
from segments import coupons
from segments.models import Coupon, CouponGrant


@blueprint.post("/coupons/<code>/redeem")
@keyed
def redeem(code: str) -> ResponseReturnValue:
    """Use a coupon up; of two calls at once one succeeds, and the other is told when it was used."""
    services = current_services()
    now = services.clock.now()
    with services.database.begin() as session:
        used = coupons.redeem(session, code, source(), now)
        operators.note(session, source(), "coupon_redeemed", used.code, now)
        answer = _told(session, used)
    return jsonify(answer.model_dump(mode="json"))


def _told(session: Session, used: CouponGrant) -> CouponOut:
    coupon = session.get_one(Coupon, used.coupon_id)
    return CouponOut(
        code=used.code,
        key=coupon.key,
        title=coupon.title,
        title_en=coupon.title_en,
        discount_yen=coupon.discount_yen,
        friend_id=used.friend_id,
        expires_at=used.expires_at,
        redeemed_at=used.redeemed_at,
    )
