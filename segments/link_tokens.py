"""Tokens of tracked links: link, friend and delivery in few letters, signed so that nobody makes up another's tap."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from itsdangerous import BadSignature, Signer
from itsdangerous.signer import HMACAlgorithm

SALT = b"kokyaku tracked link"
SIGNATURE = 12
"""Bytes: 96 bits, sixteen letters. Guessing one is hopeless, and a false tap is all it would give."""
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
BETWEEN = "-"
LONGEST = 80
BIGGEST_ID = 2**63 - 1


class Tapped(NamedTuple):
    """Whose tap on what a token stands for."""

    link_id: int
    friend_id: int
    delivery_id: int | None


class _Short(HMACAlgorithm):
    """HMAC-SHA256, of which the first bytes are shown (RFC 2104, section 5)."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return super().get_signature(key, value)[:SIGNATURE]


@dataclass(frozen=True)
class Tracking:
    """What makes and reads tokens: the shop's public address, "" without one, and its secret."""

    public_url: str
    secret: str

    @cached_property
    def _signer(self) -> Signer:
        algorithm = _Short(hashlib.sha256)
        return Signer(
            self.secret, SALT, key_derivation="hmac", digest_method=hashlib.sha256, algorithm=algorithm
        )

    @property
    def is_possible(self) -> bool:
        """Whether friends' phones can reach us at all."""
        return bool(self.public_url)

    def token(self, tapped: Tapped) -> str:
        """Return a token of some thirty letters that go into an address as they are."""
        numbers = (each for each in tapped if each is not None)
        return self._signer.sign(BETWEEN.join(_written(each) for each in numbers)).decode()

    def address(self, tapped: Tapped) -> str:
        """Return the address that leads a friend through us."""
        return f"{self.public_url.rstrip('/')}/r/{self.token(tapped)}"

    def read(self, token: str) -> Tapped | None:
        """Return what a token of ours stands for; None for any other."""
        if len(token) > LONGEST or not token.isascii():
            return None
        try:
            numbers = [_read(part) for part in self._signer.unsign(token).decode().split(BETWEEN)]
        except (BadSignature, ValueError):
            return None
        if len(numbers) not in {2, 3} or not all(0 < each <= BIGGEST_ID for each in numbers):
            return None
        return Tapped(numbers[0], numbers[1], numbers[2] if len(numbers) == 3 else None)


def _written(number: int) -> str:
    letters = ""
    while number:
        number, digit = divmod(number, 36)
        letters = DIGITS[digit] + letters
    return letters or "0"


def _read(letters: str) -> int:
    return int(letters, 36)
