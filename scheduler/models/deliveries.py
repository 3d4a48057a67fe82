"""Tables of deliveries: every message to every friend, written before it leaves."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.models.messages import Purpose
from scheduler.sent_json import SentJson
from segments.db import Base, BigId


class DeliveryState(StrEnum):
    """queued → sending → accepted | failed | skipped | cancelled | uncertain."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


class DeliveryKind(StrEnum):
    """What brought a delivery about."""

    BROADCAST = "broadcast"
    STEP = "step"
    REPLY = "reply"
    TEST = "test"
    MANUAL = "manual"


class Delivery(Base):
    """One message (of one to five objects) to one friend."""

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    friend_id: Mapped[int] = mapped_column(ForeignKey("friends.id", ondelete="CASCADE"))
    kind: Mapped[DeliveryKind]
    purpose: Mapped[Purpose]
    broadcast_id: Mapped[int | None] = mapped_column(ForeignKey("broadcasts.id"))
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolments.id"))
    step_id: Mapped[int | None] = mapped_column(ForeignKey("steps.id", ondelete="SET NULL"))
    message_version_id: Mapped[int | None] = mapped_column(ForeignKey("message_versions.id"))
    chunk_id: Mapped[int | None] = mapped_column(ForeignKey("chunks.id"))
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.QUEUED)
    reason: Mapped[str | None] = mapped_column(String(64))
    """Why it was skipped, failed or is uncertain."""
    created_at: Mapped[datetime]
    not_before: Mapped[datetime | None]
    """Held until then (quiet hours, a chosen time of day)."""
    expires_at: Mapped[datetime | None]
    first_attempt_at: Mapped[datetime | None]
    """Retry keys (scheduler.batches makes them from ids) live 24 hours from here; later the outcome is uncertain."""
    ended_at: Mapped[datetime | None]
    request_id: Mapped[str | None] = mapped_column(String(64))
    carried_by: Mapped[int | None] = mapped_column(BigId)
    """The delivery whose push or reply carries this one. Its own id: it goes alone, for LINE refused it among others."""
    rides_from: Mapped[datetime | None]
    """From then on it may go with a reply, which is free; pushed at `not_before` when none came."""

    __table_args__ = (
        UniqueConstraint("broadcast_id", "friend_id"),
        Index("ix_deliveries_friend_id_created_at", "friend_id", "created_at"),
        Index("ix_deliveries_broadcast_id_state", "broadcast_id", "state"),
        # What was written since midnight, for the home page and /metrics; grows at its end only.
        Index("ix_deliveries_created_at", "created_at"),
    )


# One message a step and enrolment; broadcasts, of which there are millions, add nothing to it.
Index(
    "uq_deliveries_enrolment_id_step_id",
    Delivery.enrolment_id,
    Delivery.step_id,
    unique=True,
    sqlite_where=Delivery.enrolment_id.is_not(None),
    postgresql_where=Delivery.enrolment_id.is_not(None),
)

# Without those of no chunk: SQLite would look through all of them for what waits, instead of the index below.
Index(
    "ix_deliveries_chunk_id",
    Delivery.chunk_id,
    sqlite_where=Delivery.chunk_id.is_not(None),
    postgresql_where=Delivery.chunk_id.is_not(None),
)

# What waits, by the moment it may leave: the tick reads only the due end of this index.
Index(
    "ix_deliveries_waiting",
    Delivery.not_before,
    sqlite_where=(Delivery.state == DeliveryState.QUEUED) & Delivery.chunk_id.is_(None),
    postgresql_where=(Delivery.state == DeliveryState.QUEUED) & Delivery.chunk_id.is_(None),
)

# The same by friend: what else waits for the one to whom something leaves.
Index(
    "ix_deliveries_waiting_friend_id",
    Delivery.friend_id,
    sqlite_where=(Delivery.state == DeliveryState.QUEUED) & Delivery.chunk_id.is_(None),
    postgresql_where=(Delivery.state == DeliveryState.QUEUED) & Delivery.chunk_id.is_(None),
)

# What is on its way with something else: found from the reply that carries it.
Index(
    "ix_deliveries_carried_by",
    Delivery.carried_by,
    sqlite_where=(Delivery.state == DeliveryState.SENDING) & Delivery.carried_by.is_not(None),
    postgresql_where=(Delivery.state == DeliveryState.SENDING) & Delivery.carried_by.is_not(None),
)

# Replies under way: what a crash left there is found without reading all deliveries.
Index(
    "ix_deliveries_sending_replies",
    Delivery.created_at,
    sqlite_where=(Delivery.state == DeliveryState.SENDING) & (Delivery.kind == DeliveryKind.REPLY),
    postgresql_where=(Delivery.state == DeliveryState.SENDING) & (Delivery.kind == DeliveryKind.REPLY),
)

# What nobody knows the end of, for a person to decide: few, and found without reading all deliveries.
Index(
    "ix_deliveries_uncertain",
    Delivery.id,
    sqlite_where=Delivery.state == DeliveryState.UNCERTAIN,
    postgresql_where=Delivery.state == DeliveryState.UNCERTAIN,
)

# What came of each step's messages, for its block rate and its scenario's page; broadcasts add nothing to it.
Index(
    "ix_deliveries_step_id_state_ended_at",
    Delivery.step_id,
    Delivery.state,
    Delivery.ended_at,
    sqlite_where=Delivery.step_id.is_not(None),
    postgresql_where=Delivery.step_id.is_not(None),
)


class DeliveryBody(Base):
    """The exact message objects of a delivery, fixed before its first attempt.

    Text on both databases: JSONB would put the keys in another order, and a resend must be the same bytes.
    """

    __tablename__ = "delivery_bodies"

    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True
    )
    messages: Mapped[list[Any]] = mapped_column(SentJson)
    reply_token: Mapped[str | None] = mapped_column(Text)


class LostTry(Base):
    """A try that nobody knows the end of, kept when a person had its delivery sent again under another key."""

    __tablename__ = "lost_tries"

    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    """1 for the first time; the next try's retry key is made with it."""
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(String(64))
    ended_at: Mapped[datetime]
    """When the try became uncertain: the month in which it counts."""
    is_message: Mapped[bool]
    """Whether it counts as a message of that month; not what another push or a reply carried."""
    reason: Mapped[str | None] = mapped_column(String(64))
    chunk_id: Mapped[int | None] = mapped_column(ForeignKey("chunks.id"))
    """The chunk it left in, whose body it had when it was one for many."""
    messages: Mapped[list[Any] | None] = mapped_column(SentJson)
    """The body it had of its own."""


class ChunkState(StrEnum):
    """Where a chunk stands. A multicast is under way from here alone: its deliveries stay queued until LINE answers."""

    QUEUED = "queued"
    SENDING = "sending"
    DONE = "done"
    CANCELLED = "cancelled"
    PARKED = "parked"
    """Its run broke each time (scheduler.chunk_troubles): it waits for an operator."""


class ChunkMode(StrEnum):
    """How a chunk leaves: one multicast for an identical body, a push each, or one request for all friends at once."""

    MULTICAST = "multicast"
    PUSH = "push"
    EVERYONE = "everyone"
    MAIL = "mail"
    """Friends whom LINE cannot reach, one mail after another."""


class Chunk(Base):
    """At most 500 deliveries that one durable job sends; all of a broadcast's when LINE itself sends to everyone."""

    __tablename__ = "chunks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    broadcast_id: Mapped[int | None] = mapped_column(ForeignKey("broadcasts.id"), index=True)
    mode: Mapped[ChunkMode]
    language: Mapped[str | None] = mapped_column(String(8))
    """The language of a multicast's one body."""
    state: Mapped[ChunkState] = mapped_column(default=ChunkState.QUEUED)
    generation: Mapped[int] = mapped_column(default=0)
    """Grows when LINE refused a recipient: another body needs another retry key."""
    messages: Mapped[list[Any] | None]
    """The one body of a multicast, fixed before its first attempt."""
    retry_key: Mapped[str | None] = mapped_column(String(36))
    first_attempt_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    job_number: Mapped[int] = mapped_column(default=0)
    """How often a job was enqueued for it: part of the job's deterministic id."""
    job_id: Mapped[str | None] = mapped_column(String(64))
    """Its newest job, which may have other chunks to send as well."""
    request_id: Mapped[str | None] = mapped_column(String(64))
    """LINE's id of the accepted request to everyone: from then on its deliveries are only written down."""
    slot_at: Mapped[datetime | None]
    """When its turn is, in a broadcast that leaves at so many a minute."""
    failures: Mapped[int] = mapped_column(default=0)
    """Runs that broke; not those that LINE answered with an error."""
    trouble: Mapped[str | None] = mapped_column(String(64))
    """What broke the last of them: the kind of the error, without its words, which may quote a friend."""
    parked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_chunks_state_next_attempt_at", "state", "next_attempt_at"),)


class Attempt(Base):
    """One call to LINE on behalf of a delivery or a chunk."""

    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    delivery_id: Mapped[int | None] = mapped_column(
        ForeignKey("deliveries.id", ondelete="CASCADE"), index=True
    )
    chunk_id: Mapped[int | None] = mapped_column(ForeignKey("chunks.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(32))
    """`accepted`, `already_accepted`, or the kind of GatewayError."""
    status: Mapped[int | None]
    request_id: Mapped[str | None] = mapped_column(String(64))
    accepted_request_id: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(Text)
