"""Draws the arm of a split for a friend: by a stable hash, so that the same friend always falls in the same one. Pure."""

from collections.abc import Sequence
from hashlib import blake2b

from scheduler.step_settings import Arm

FINENESS = 1 << 64


def drawn(step_id: int, friend_id: int, arms: Sequence[Arm]) -> str:
    """Return the name of the friend's arm.

    u = blake2b("step:friend") / 2^64 is even on [0, 1); the arm is the first whose shares, summed from the left,
    exceed u × all shares. Another step draws independently. Needs one share above 0.
    """
    total = sum(arm.share for arm in arms)
    lot = _number(step_id, friend_id) * total // FINENESS
    for arm in arms:
        if lot < arm.share:
            return arm.name
        lot -= arm.share
    raise AssertionError(arms)  # lot < total


def kept_or_drawn(step_id: int, friend_id: int, arms: Sequence[Arm], before: str | None) -> str:
    """Return the arm a friend was in before as long as there is one of that name, else the drawn one.

    Shares that are changed later thus decide about newcomers alone.
    """
    return before if before in {arm.name for arm in arms} and before else drawn(step_id, friend_id, arms)


def _number(step_id: int, friend_id: int) -> int:
    return int.from_bytes(blake2b(f"{step_id}:{friend_id}".encode(), digest_size=8).digest())
