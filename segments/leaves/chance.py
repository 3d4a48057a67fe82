"""The question whether a friend is among a random share, drawn the same way on every database."""

from hashlib import sha256
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import BigInteger, ColumnElement, literal

from segments.leaves.context import Context, Known
from segments.leaves.node import Name, Timeless
from segments.leaves.said import Said
from segments.models import Friend

PRIME = 2**31 - 1
"""Products of two numbers below it fit into 64 bits, which is all SQLite counts with."""


class RandomShare(Timeless):
    """Is among so many percent of all friends, drawn by `salt`: the same friends every time, others for other salts."""

    kind: Literal["random"] = Field(default="random", alias="is")
    percent: int = Field(ge=1, le=100, strict=True)
    salt: Name

    def sql(self, context: Context) -> ColumnElement[bool]:
        return drawn(Friend.id, self.salt) < literal(PRIME * self.percent // 100, BigInteger())

    def words(self, known: Known) -> Said:
        return Said(
            f"無作為に選んだ{self.percent}%（{self.salt}）",
            f"among {self.percent}% drawn at random ({self.salt})",
        )


def coefficients(salt: str) -> tuple[int, int, int, int]:
    """Return the four numbers below PRIME by which a salt draws."""
    digest = sha256(salt.encode()).digest()
    a, b, c, d = (int.from_bytes(digest[i : i + 8], "big") % PRIME for i in (0, 8, 16, 24))
    return a or 1, b, c, d


def drawn(friend_id: Any, salt: str) -> ColumnElement[int]:
    """Return a number in 0 … PRIME−1, a polynomial of the third degree over the field of PRIME elements.

    With random coefficients such numbers are uniform and any four of them independent (Carter and Wegman, 1979).
    """
    a, b, c, d = (literal(each, BigInteger()) for each in coefficients(salt))
    prime = literal(PRIME, BigInteger())
    x = friend_id % prime
    value = (a * x + b) % prime
    value = (value * x + c) % prime
    return (value * x + d) % prime
