"""Table of the trust account: what a friend's trust was raised or lowered by."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class TrustKind(StrEnum):
    """What moves trust. Messages of ours are not entered one by one: their deliveries tell of them."""

    CARE = "care"
    SALE = "sale"
    TAP = "tap"
    REPLY = "reply"
    PURCHASE = "purchase"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    COMPLAINT = "complaint"
    COMPLAINT_WITHDRAWN = "complaint_withdrawn"
    BLOCK = "block"
    MERGED = "merged"
    BY_HAND = "by_hand"


class TrustEntry(Base):
    """One movement of a friend's trust (信頼貯金); nothing in the ledger is ever changed or deleted."""

    __tablename__ = "trust_entries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"))
    kind: Mapped[TrustKind]
    points: Mapped[int]
    """As the policy weighed it then; a later policy changes nothing that was entered."""
    cause: Mapped[str] = mapped_column(String(128), default="")
    """What exactly, e.g. `complaint:17`, `question:4`, `operator:3 お詫びの電話`."""
    at: Mapped[datetime]

    __table_args__ = (Index("ix_trust_entries_friend_id_id", "friend_id", "id"),)
