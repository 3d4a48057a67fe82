"""Mail addresses as the API takes and tells them, and the description of its calls for bot.api.openapi."""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bot.api.reaction_paths import FRIEND
from bot.api.shapes import ErrorOut
from segments import mail_consent

LONGEST = 254


class MailIn(BaseModel):
    """An address, and since when the friend agrees to get mail there."""

    model_config = ConfigDict(extra="forbid")

    # Told here, asked for where addresses are kept, which has words for it.
    email: str = Field(max_length=LONGEST, json_schema_extra={"pattern": f"^{mail_consent.ADDRESS}$"})
    agreed_at: AwareDatetime | None = None
    """With a zone; null leaves the agreement as it is."""


class MailOut(BaseModel):
    """What is known of a friend's mail."""

    friend_id: int
    email: str | None
    agreed_at: datetime | None
    refused_at: datetime | None
    bad_at: datetime | None
    may_be_sent: bool


TAKEN = (MailIn,)
GIVEN = (MailOut,)
_ERRORS = {
    400: "The body is no JSON.",
    401: "No valid key.",
    404: "No such friend.",
    409: "The moment lies ahead, or too long ago.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "A field is missing or wrong.",
}


def paths() -> dict[str, Any]:
    """Return the paths with their operations."""
    return {"/api/v1/friends/{friend_id}/mail": {"get": _get(), "put": _put(), "delete": _delete()}}


def _get() -> dict[str, Any]:
    return {
        "operationId": "getMail",
        "summary": "メールアドレスと同意を返します / Return a friend's mail address and agreement",
        "parameters": [FRIEND],
        "responses": _told() | _refusals(401, 404),
    }


def _put() -> dict[str, Any]:
    return {
        "operationId": "putMail",
        "summary": "メールアドレスと同意を登録します / Store a friend's mail address and agreement",
        "description": "配信停止より前の同意は反映されません。 / An agreement from before a refusal changes nothing.",
        "parameters": [FRIEND],
        "requestBody": {"required": True, **_json(MailIn)},
        "responses": _told() | _refusals(400, 401, 404, 409, 413, 415, 422),
    }


def _delete() -> dict[str, Any]:
    return {
        "operationId": "deleteMail",
        "summary": "メールアドレスと同意を消去します / Forget a friend's mail address and agreement",
        "parameters": [FRIEND],
        "responses": {"204": {"description": "Forgotten; a refusal is kept."}} | _refusals(401, 404),
    }


def _told() -> dict[str, Any]:
    return {"200": {"description": "What is known now.", **_json(MailOut)}}


def _refusals(*statuses: int) -> dict[str, Any]:
    return {str(each): {"description": _ERRORS[each], **_json(ErrorOut)} for each in statuses}


def _json(shape: type[BaseModel]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{shape.__name__}"}
    return {"content": {"application/json": {"schema": schema}}}
