"""Tables of what friends did with what we sent: survey answers, tracked links and taps on them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from segments.db import Base, BigId


class SurveyAnswer(Base):
    """One answer of a friend to a question asked in chat; the latest of a question counts."""

    __tablename__ = "survey_answers"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"))
    question: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]

    __table_args__ = (
        Index("ix_survey_answers_friend_id_question_at", "friend_id", "question", "at"),
        Index("ix_survey_answers_question_at", "question", "at"),
    )


class Link(Base):
    """An address that messages lead to through us, so that taps on it are known."""

    __tablename__ = "links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    url: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class LinkTap(Base):
    """One tap of a friend on a tracked link."""

    __tablename__ = "link_taps"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("links.id", ondelete="CASCADE"))
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"))
    delivery_id: Mapped[int | None] = mapped_column(BigId)
    """The delivery that carried it; a number only, for deliveries live a floor above."""
    at: Mapped[datetime]

    __table_args__ = (
        Index("ix_link_taps_friend_id_link_id_at", "friend_id", "link_id", "at"),
        Index("ix_link_taps_link_id_at", "link_id", "at"),
    )


# Which friends tapped what a broadcast carried.
Index(
    "ix_link_taps_delivery_id",
    LinkTap.delivery_id,
    sqlite_where=LinkTap.delivery_id.is_not(None),
    postgresql_where=LinkTap.delivery_id.is_not(None),
)
