"""A few rows of everything else that the console has a page for: what tests furnish their shop with, and what that lacks here."""

from sqlalchemy import select, update

from bot import api_keys
from bot.models import RichMenu
from bot.services import Services
from segments import coupons
from segments.coupons import CouponTerms
from segments.models import Product
from tests.bot import furnishing_ended, furnishing_more

CATEGORY = "煎茶"


def furnish(services: Services) -> None:
    """Add them to a shop of any size; long work among them is begun, or ends, as it would."""
    now = services.clock.now()
    with services.database.begin() as session:
        session.add(RichMenu(key="default", fingerprint="f", line_rich_menu_id="richmenu-1", created_at=now))
        coupons.define(session, "welcome", CouponTerms("初回クーポン", "Welcome", 500, 30), now)
        api_keys.add(session, "レジ", now)
        first = select(Product.id).order_by(Product.id).limit(1).scalar_subquery()
        session.execute(update(Product).where(Product.id == first).values(category=CATEGORY))
        furnishing_more.furnish(session, services.queue, services.settings.data, now)
    furnishing_ended.furnish(services)
