"""Refusals in LINE's words: status, message, details and headers."""

from collections.abc import Mapping, Sequence

from bot.simulator.json_types import JsonObject

MONTHLY_LIMIT = "You have reached your monthly limit."
RATE_LIMIT = "The API rate limit has been exceeded. Try again later."
BAD_TOKEN = "Authentication failed. Confirm that the access token in the authorization header is valid."  # noqa: S105


class LineError(Exception):
    """An answer other than success; `extra` is merged into the JSON body."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        details: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        extra: JsonObject | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body: JsonObject = {"message": message, **(extra or {})}
        if details:
            self.body["details"] = [{"message": text, "property": where} for text, where in details]


class OAuthError(Exception):
    """A refusal of the token endpoints, which have a body of their own."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body: JsonObject = {"error": error, "error_description": description}


def body_errors(details: Sequence[tuple[str, str]]) -> LineError:
    """400 for a request body with faults in named properties."""
    return LineError(400, f"The request body has {len(details)} error(s)", details=details)


def invalid_property(name: str) -> LineError:
    """400 for a property that does not have the right form at all."""
    return LineError(400, f"The property, '{name}', in the request body is invalid (line: -, column: -)")


def not_found() -> LineError:
    """404 in LINE's words."""
    return LineError(404, "Not found")
