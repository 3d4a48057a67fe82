"""Tells whether a webhook request comes from LINE."""

import base64
import hashlib
import hmac

HEADER = "x-line-signature"


def sign(secret: str, body: bytes) -> str:
    """Return the signature LINE sends with `body`: base64 of HMAC-SHA256 under the channel secret."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode("ascii")


def is_genuine(secret: str, body: bytes, signature: str | None) -> bool:
    """Compare in constant time; without a secret nothing is genuine."""
    if not secret or not signature:
        return False
    # As bytes: compare_digest refuses text beyond ASCII, and a header may hold anything.
    return hmac.compare_digest(sign(secret, body).encode(), signature.encode("utf-8", "replace"))
