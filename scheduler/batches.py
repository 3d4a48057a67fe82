"""What one run of a chunk is about to send, fixed and committed before LINE is called."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from scheduler.gateway import MessageObject, Push

KEY_SPACE = uuid5(NAMESPACE_URL, "urn:kokyaku:retry-key")
KEY_LIFE = timedelta(hours=23, minutes=50)
"""LINE forgets a retry key after 24 hours and would then send again; we stop a little before."""


def delivery_key(delivery_id: int, lost_before: int = 0) -> UUID:
    """Return the retry key of a personal push: the same after every crash.

    Each time a person has it sent again (scheduler.uncertain) it gets another: the first has died.
    """
    tail = f":{lost_before}" if lost_before else ""
    return uuid5(KEY_SPACE, f"delivery:{delivery_id}{tail}")


def chunk_key(chunk_id: int, generation: int) -> UUID:
    """Return the retry key of a multicast; another body is another generation."""
    return uuid5(KEY_SPACE, f"chunk:{chunk_id}:{generation}")


def key_expired(first_attempt_at: datetime | None, now: datetime) -> bool:
    """Say whether a resend could be taken for a new message."""
    return first_attempt_at is not None and now - first_attempt_at > KEY_LIFE


@dataclass(frozen=True)
class Multicast:
    """One identical message to the friends of a chunk, in this order."""

    chunk_id: int
    broadcast_id: int | None
    delivery_ids: tuple[int, ...]
    friend_ids: tuple[int, ...]
    to: tuple[str, ...]
    messages: tuple[MessageObject, ...]
    generation: int
    is_resend: bool
    """Whether LINE may have taken this very request before."""

    @property
    def retry_key(self) -> UUID:
        """The key of this body to these friends."""
        return chunk_key(self.chunk_id, self.generation)


@dataclass(frozen=True)
class Pushes:
    """Personal messages of a chunk."""

    chunk_id: int
    broadcast_id: int | None
    pushes: tuple[Push, ...]
    friend_ids: tuple[int, ...]
    """Whom each push is for."""
    resends: frozenset[int] = field(default_factory=frozenset[int])
    """Ids of the deliveries that LINE may have taken before."""
    carried: Mapping[int, tuple[int, ...]] = field(default_factory=dict[int, tuple[int, ...]])
    """All deliveries of those pushes that carry several, under the one whose key they go by."""
    campaigns: Mapping[int, frozenset[int]] = field(default_factory=dict[int, frozenset[int]])
    """The broadcasts a push says something of, in a chunk of none: any that is stopped stops it."""

    def deliveries_of(self, push: Push) -> tuple[int, ...]:
        """Return the ids of all that a push carries."""
        return self.carried.get(push.delivery_id, (push.delivery_id,))


@dataclass(frozen=True)
class Everyone:
    """One request to LINE for all friends, whom it does not name."""

    chunk_id: int
    broadcast_id: int
    messages: tuple[MessageObject, ...] = ()
    """Empty while it is still to be decided whether it may go."""
    generation: int = 0
    is_resend: bool = False
    """Whether LINE may have taken this very request before."""

    @property
    def retry_key(self) -> UUID:
        """The key of this body."""
        return chunk_key(self.chunk_id, self.generation)


@dataclass(frozen=True)
class Mails:
    """What goes by mail, one after another: scheduler.mail_delivery fixes each just before it leaves."""

    chunk_id: int


Batch = Multicast | Pushes | Everyone | Mails
