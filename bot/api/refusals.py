"""How the API says no: a status, a stable code, a sentence, and what the caller needs to mend it."""

from typing import Any

from segments.errors import Conflict, KokyakuError, NotFound


class Refusal(Exception):
    """A call that is not carried out."""

    def __init__(self, status: int, code: str, **details: Any) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.details = details


def status_of(error: KokyakuError) -> int:
    """Return the HTTP status for a refusal of the lower floors."""
    match error:
        case NotFound():
            return 404
        case Conflict() | KokyakuError(code="refund_too_large"):
            # The body is well formed; it is what is stored that it does not fit.
            return 409
        case _:
            return 422
