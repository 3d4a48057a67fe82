"""Makes the short codes that people read aloud and type: no 0/O, 1/I/L, U/V to mix up."""

import secrets
from unicodedata import normalize

ALPHABET = "23456789ABCDEFGHJKMNPQRSTWXYZ"
LENGTH = 8


def new_code(length: int = LENGTH) -> str:
    """Return a random code; eight of 29 letters make 5·10¹¹ of them."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def as_typed(text: str) -> str:
    """Return a code as it was meant: full-width letters, small letters, blanks and hyphens are forgiven."""
    return "".join(letter for letter in normalize("NFKC", text).upper() if letter.isalnum())
