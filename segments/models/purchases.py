"""Tables of what is sold and what was bought, and of the files it came from."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from segments.db import Base, BigId


class ProductKind(StrEnum):
    """What a product is for in the pyramid."""

    REGULAR = "regular"
    TRIAL = "trial"
    PREMIUM = "premium"


class Product(Base):
    """One thing the shop sells."""

    __tablename__ = "products"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text, default="")
    category: Mapped[str] = mapped_column(String(64), default="", index=True)
    price_yen: Mapped[int]
    kind: Mapped[ProductKind] = mapped_column(default=ProductKind.REGULAR)
    image_url: Mapped[str | None] = mapped_column(Text)
    page_url: Mapped[str | None] = mapped_column(Text)
    available: Mapped[bool] = mapped_column(default=True)
    settling_count: Mapped[int | None]
    """After how many purchases of it the habit holds (定着する購入回数); None takes the policy's."""
    upgrade_of_id: Mapped[int | None] = mapped_column(ForeignKey("products.id", ondelete="SET NULL"))
    """The product whose better version (上位版) this is."""
    subscription_days: Mapped[int | None]
    """Days between deliveries of a subscription (定期購入); None for what is sold one by one."""
    created_at: Mapped[datetime]


class Purchase(Base):
    """One order: whose, when, how much. Its order id makes recording it twice harmless."""

    __tablename__ = "purchases"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[str] = mapped_column(String(128), unique=True)
    friend_id: Mapped[int | None] = mapped_column(ForeignKey("friends.id", ondelete="SET NULL"))
    member_number: Mapped[str | None] = mapped_column(String(64))
    """Kept with the purchase so that it attaches when a friend links the number later."""
    bought_at: Mapped[datetime]
    amount_yen: Mapped[int]
    refunded_at: Mapped[datetime | None]
    refunded_yen: Mapped[int] = mapped_column(default=0)
    is_trial: Mapped[bool] = mapped_column(default=False)
    """Whether everything in it was a trial product: such an order is not yet a full-price one."""
    source: Mapped[str] = mapped_column(String(64))
    """`api:2`, `import:7`, `till`."""
    created_at: Mapped[datetime]
    items: Mapped[list["PurchaseItem"]] = relationship(
        back_populates="purchase", cascade="all, delete-orphan", order_by="PurchaseItem.line"
    )

    __table_args__ = (
        Index("ix_purchases_friend_id_bought_at", "friend_id", "bought_at"),
        Index("ix_purchases_bought_at", "bought_at"),
    )


# Most purchases are of a friend who gave no number: they add nothing to it.
Index(
    "ix_purchases_member_number",
    Purchase.member_number,
    sqlite_where=Purchase.member_number.is_not(None),
    postgresql_where=Purchase.member_number.is_not(None),
)


class PurchaseItem(Base):
    """One line of an order."""

    __tablename__ = "purchase_items"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    purchase_id: Mapped[int] = mapped_column(ForeignKey("purchases.id", ondelete="CASCADE"))
    line: Mapped[int]
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    amount_yen: Mapped[int]
    purchase: Mapped[Purchase] = relationship(back_populates="items")

    __table_args__ = (
        UniqueConstraint("purchase_id", "line"),
        # Who bought a product is asked of the orders in the order in which they lie, and of no line.
        Index("ix_purchase_items_product_id_purchase_id", "product_id", "purchase_id"),
    )


class NextProduct(Base):
    """How often buyers of one product went on to another: a row of the next-product table, made each night."""

    __tablename__ = "next_products"

    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), primary_key=True)
    next_product_id: Mapped[int] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True
    )
    buyers: Mapped[int]
    """Friends who bought the first."""
    went_on: Mapped[int]
    """Those of them whose first later purchase of another product was the second."""
    lift: Mapped[float] = mapped_column(Float)
    """Their share, divided by the share that the second product has among all such steps."""


class ImportState(StrEnum):
    """Where an import stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ImportRun(Base):
    """One CSV file read in: what came of its lines."""

    __tablename__ = "import_runs"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    """`friends`, `products` or `purchases`."""
    file_name: Mapped[str] = mapped_column(Text)
    state: Mapped[ImportState] = mapped_column(default=ImportState.RUNNING)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    accepted: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    """Those of the accepted lines that made something new; the others changed what was known."""
    unchanged: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    unlinked: Mapped[int] = mapped_column(default=0)
    """Those of the accepted lines whose purchase waits under a member number that no friend has yet."""
    is_rehearsal: Mapped[bool] = mapped_column(default=False)
    """Whether it only tells what would come of the file: nothing was kept."""
    by: Mapped[str] = mapped_column(String(64), default="")
    """Who asked for it, `operator:3`; "" on the command line."""
    upload_id: Mapped[int | None] = mapped_column(ForeignKey("uploads.id", ondelete="SET NULL"), index=True)


class RefusedLine(Base):
    """One line of an import that was not taken, and why."""

    __tablename__ = "refused_lines"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    import_run_id: Mapped[int] = mapped_column(ForeignKey("import_runs.id", ondelete="CASCADE"), index=True)
    line_number: Mapped[int]
    """Counted from 1, the header being line 1."""
    code: Mapped[str] = mapped_column(String(64))
    params: Mapped[dict[str, Any]] = mapped_column(default=dict)
