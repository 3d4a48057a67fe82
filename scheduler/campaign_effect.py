"""What a broadcast earned beside its control group: the difference, how sure it is, and when it cannot be told yet."""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from scheduler.broadcast_figures import Group

LEAST_FRIENDS = 30
"""In each group: with fewer, the normal approximation of the difference says nothing."""
LEAST_BUYERS = 5
"""In both groups together."""
SURE = 1.96
"""Standard errors on each side of a 95 % interval."""


class Untold(StrEnum):
    """Why an effect cannot be told yet."""

    NO_CONTROL = "no_control"
    FEW_FRIENDS = "few_friends"
    FEW_BUYERS = "few_buyers"
    AROUND_ZERO = "around_zero"
    """The interval includes no effect at all."""


@dataclass(frozen=True)
class Span:
    """A difference with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether no difference at all is outside of it."""
        return self.low > 0 or self.high < 0

    def times(self, number: int) -> "Span":
        """Return it for so many friends."""
        return Span(self.value * number, self.low * number, self.high * number)


@dataclass(frozen=True)
class Effect:
    """How receivers bought beside those who were held out by lot."""

    untold: Untold | None
    rate: Span | None = None
    """Difference of the share that bought."""
    yen: Span | None = None
    """Difference in yen a friend."""
    total: Span | None = None
    """The same for all receivers."""


def effect(receivers: Group, control: Group) -> Effect:
    """Compare the two groups; the yen by Welch's interval, the share by Agresti and Caffo's (2000)."""
    if not control.friends:
        return Effect(Untold.NO_CONTROL)
    if min(receivers.friends, control.friends) < LEAST_FRIENDS:
        return Effect(Untold.FEW_FRIENDS)
    if receivers.buyers + control.buyers < LEAST_BUYERS:
        return Effect(Untold.FEW_BUYERS)
    rate, yen = _rate(receivers, control), _yen(receivers, control)
    untold = None if yen.is_clear else Untold.AROUND_ZERO
    return Effect(untold, rate, yen, yen.times(receivers.friends))


def _rate(one: Group, other: Group) -> Span:
    """One success and one failure are added to each group, which keeps the interval honest for small shares."""
    a, b = ((group.buyers + 1) / (group.friends + 2) for group in (one, other))
    error = sqrt(a * (1 - a) / (one.friends + 2) + b * (1 - b) / (other.friends + 2))
    value = one.buyers / one.friends - other.buyers / other.friends
    return Span(value, a - b - SURE * error, a - b + SURE * error)


def _yen(one: Group, other: Group) -> Span:
    value = one.yen / one.friends - other.yen / other.friends
    error = sqrt(_variance(one) / one.friends + _variance(other) / other.friends)
    return Span(value, value - SURE * error, value + SURE * error)


def _variance(group: Group) -> float:
    mean = group.yen / group.friends
    return max(0.0, (group.squares - group.friends * mean * mean) / (group.friends - 1))
