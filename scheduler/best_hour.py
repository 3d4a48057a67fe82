"""The hour of the day at which a friend is best reached, from when they reacted, with the shop's hours as the prior. Pure.

For each hour h in which messages may leave:

    score(h) = (K · prior(h) + Σ over the friend's reactions of w(h − their hour)) / (K + number of reactions)
    w(0) = ½, w(±1) = ¼, around the clock
    prior(h) = (O(h) + all friends' reactions, spread likewise) / their sum over the hours in which messages may leave
    O(h) = 1 while the shop is open, ¼ otherwise

The best hour has the highest score; of equals it is the one nearest to noon, then the earlier. With K = 5 a friend's own
habit weighs as much as everybody's once they have reacted five times: who never reacted is written to when most are.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import time

from scheduler.timing import QuietHours

HOURS = 24
PRIOR_WEIGHT = 5.0
SPREAD: Mapping[int, float] = {-1: 0.25, 0: 0.5, 1: 0.25}
CLOSED = 0.25
NOON = 12

_OPEN = re.compile(r"(\d{1,2})(?:[:：時](?:\d{2})?分?)?\s*(?:[〜～~–-]|から|to)\s*(\d{1,2})(?:[:：時]|\b)")


def best_hour(own: Sequence[int], prior: Sequence[float]) -> int:
    """Return the best hour, 0 to 23, for a friend who reacted at the hours `own`.

    `prior` has 24 shares, as the function `prior` makes them: hours without a share are never chosen.
    """
    spread = _spread(own)
    total = PRIOR_WEIGHT + len(own)
    scores = [(PRIOR_WEIGHT * share + felt) / total for share, felt in zip(prior, spread, strict=True)]
    allowed = [hour for hour in range(HOURS) if prior[hour] > 0] or [NOON]
    return max(allowed, key=lambda hour: (round(scores[hour], 12), -abs(hour - NOON), -hour))


def prior(everybody: Iterable[int], quiet: QuietHours, opening: tuple[int, int] | None) -> list[float]:
    """Return the shares of the 24 hours over all friends, 0 in those in which nothing may leave.

    `everybody` are the hours of the shop's recent reactions, `opening` the hours from which and until which it is open.
    """
    spread = _spread(list(everybody))
    raw = [0.0 if quiet.cover(time(hour)) else _open(hour, opening) + spread[hour] for hour in range(HOURS)]
    total = sum(raw)
    return [each / total for each in raw] if total else raw


def opening_hours(words: str) -> tuple[int, int] | None:
    """Return the hours in words like 「10:00〜19:00」 as (10, 19); None when there are none to be read."""
    found = _OPEN.search(words)
    if found is None:
        return None
    opens, closes = int(found[1]), int(found[2])
    return (opens, closes) if opens < HOURS and closes <= HOURS and opens != closes else None


def _open(hour: int, opening: tuple[int, int] | None) -> float:
    if opening is None:
        return 1.0
    opens, closes = opening
    is_open = opens <= hour < closes if opens < closes else hour >= opens or hour < closes
    return 1.0 if is_open else CLOSED


def _spread(hours: Sequence[int]) -> list[float]:
    felt = [0.0] * HOURS
    for hour in hours:
        for offset, weight in SPREAD.items():
            felt[(hour + offset) % HOURS] += weight
    return felt
