"""Channel access tokens: the long-lived one, or stateless ones drawn every few minutes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from segments.clock import Clock

RENEW_BEFORE = timedelta(minutes=5)
"""A stateless token lives 15 minutes; a third of it is left for a long batch and for LINE being down."""


class TokenSource(Protocol):
    """Gives the token to call LINE with."""

    def token(self) -> str:
        """Return a token that is good for some minutes yet. May raise a GatewayError."""
        ...

    def renewed(self, refused: str) -> str | None:
        """Return a token other than `refused`, which LINE would not have; None when there is no other."""
        ...


@dataclass(frozen=True)
class LongLivedToken:
    """The one token set by hand, mostly one without an end; it never changes while we run."""

    value: str

    def token(self) -> str:
        """Return the token."""
        return self.value

    def renewed(self, refused: str) -> str | None:
        """There is no other."""
        return None


@dataclass(frozen=True)
class Issued:
    """A token fresh from LINE and how long it lives."""

    value: str
    lives: timedelta


class StatelessTokens:
    """Draws a 15-minute token from LINE whenever the last one grows old; safe to share between threads."""

    def __init__(self, issue: Callable[[], Issued], clock: Clock) -> None:
        self._issue = issue
        self._clock = clock
        self._lock = Lock()
        self._value = ""
        self._renew_at: datetime | None = None

    def token(self) -> str:
        """Return the present token, drawing one first when it is missing or old."""
        value, renew_at = self._value, self._renew_at
        if renew_at is not None and self._clock.now() < renew_at:
            return value
        return self._drawn(unless_other_than=value)

    def renewed(self, refused: str) -> str | None:
        """Draw another token, unless another thread has just done so."""
        return self._drawn(unless_other_than=refused)

    def _drawn(self, unless_other_than: str) -> str:
        with self._lock:
            if self._value == unless_other_than:
                issued = self._issue()
                self._renew_at = self._clock.now() + max(issued.lives - RENEW_BEFORE, issued.lives / 2)
                self._value = issued.value
            return self._value
