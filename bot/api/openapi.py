"""The description of the API in OpenAPI 3.1, made from the shapes that check its bodies."""

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from bot.api import (
    analysis_paths,
    condition_schema,
    decision_paths,
    mail_shapes,
    quota_paths,
    quota_shapes,
    reaction_paths,
    reaction_shapes,
    savings_shapes,
    scenario_paths,
    scenario_shapes,
    segment_paths,
    shapes,
)

TAKEN: tuple[type[BaseModel], ...] = (
    shapes.PurchaseIn,
    shapes.PurchasesIn,
    shapes.RefundIn,
    shapes.MemberCodeIn,
    *reaction_shapes.TAKEN,
    *mail_shapes.TAKEN,
    *quota_shapes.TAKEN,
    *segment_paths.TAKEN,
    *scenario_shapes.TAKEN,
)
GIVEN: tuple[type[BaseModel], ...] = (
    shapes.PurchasesOut,
    shapes.PurchaseOut,
    shapes.FriendOut,
    shapes.TagOut,
    shapes.MemberCodeOut,
    shapes.CouponOut,
    shapes.ErrorOut,
    *reaction_shapes.GIVEN,
    *quota_shapes.GIVEN,
    *savings_shapes.GIVEN,
    *mail_shapes.GIVEN,
    *analysis_paths.GIVEN,
    *segment_paths.GIVEN,
    *scenario_shapes.GIVEN,
    *decision_paths.GIVEN,
)


@cache
def description() -> dict[str, Any]:
    """Return the whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kokyaku API",
            "version": "1",
            "description": "店舗のレジや通販システムから購入を伝えるためのAPIです。 / Tells Kokyaku what was bought.",
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": {
            "/api/v1/purchases": {"post": _record()},
            "/api/v1/purchases/{order_id}/refund": {"post": _refund()},
            "/api/v1/friends/{friend_id}": {"get": _friend()},
            "/api/v1/friends/{friend_id}/tags/{name}": _tag(),
            **reaction_paths.paths(),
            **mail_shapes.paths(),
            **analysis_paths.paths(),
            **segment_paths.paths(),
            **scenario_paths.paths(),
            **decision_paths.paths(),
            **quota_paths.paths(),
            **savings_shapes.paths(),
            "/api/v1/member-codes": {"post": _member_code()},
            "/api/v1/coupons/{code}/redeem": {"post": _redeem()},
        },
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "kk_…"}},
        },
    }


def _schemas() -> dict[str, Any]:
    modes: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((each, "validation") for each in TAKEN),
        *((each, "serialization") for each in GIVEN),
    ]
    _refs, made = models_json_schema(modes, ref_template="#/components/schemas/{model}")
    return condition_schema.put_in(made["$defs"]) | condition_schema.components()


def _ref(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _answers(status: int, told: str, shape: type[BaseModel], *errors: int) -> dict[str, Any]:
    refusals = {str(code): {"description": _ERRORS[code], **_json(_ref(shapes.ErrorOut))} for code in errors}
    return {str(status): {"description": told, **_json(_ref(shape))}} | refusals


_ERRORS = {
    400: "The body is no JSON.",
    401: "No valid key.",
    404: "What was named does not exist.",
    409: "What was given contradicts what is stored.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "A field is missing or wrong.",
}


def _record() -> dict[str, Any]:
    either = {"oneOf": [_ref(shapes.PurchaseIn), _ref(shapes.PurchasesIn)]}
    return {
        "operationId": "recordPurchases",
        "summary": "購入を登録します（1件、または1,000件まで） / Record one purchase or up to 1,000",
        "description": "同じ注文番号をもう一度送っても二重になりません。 / Sending an order id again changes nothing.",
        "requestBody": {"required": True, **_json(either)},
        "responses": _answers(200, "What came of each order.", shapes.PurchasesOut, 400, 401, 413, 415, 422),
    }


def _refund() -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": 128, "pattern": r"^[^/\x00-\x1f\x7f]+$"}
    return {
        "operationId": "refundPurchase",
        "summary": "返金します / Refund, in full or in part",
        "parameters": [{"name": "order_id", "in": "path", "required": True, "schema": schema}],
        "requestBody": {"required": False, **_json(_ref(shapes.RefundIn))},
        "responses": _answers(
            200, "The order as it stands.", shapes.PurchaseOut, 400, 401, 404, 409, 413, 415, 422
        ),
    }


def _friend() -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": shapes.BIGGEST_ID}
    return {
        "operationId": "getFriend",
        "summary": "友だちの情報を返します / What is known of a friend",
        "parameters": [{"name": "friend_id", "in": "path", "required": True, "schema": schema}],
        "responses": _answers(200, "The friend.", shapes.FriendOut, 401, 404),
    }


def _tag() -> dict[str, Any]:
    letter = r"[^/\s\x00-\x1f\x7f-\x9f]"
    pattern = rf"^{letter}([^/\x00-\x1f\x7f-\x9f]*{letter})?$"
    name = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": pattern}
    number = {"type": "integer", "minimum": 1, "maximum": shapes.BIGGEST_ID}
    there = _answers(200, "The tag as it was before.", shapes.TagOut, 401, 404, 422)
    return {
        "parameters": [
            {"name": "friend_id", "in": "path", "required": True, "schema": number},
            {"name": "name", "in": "path", "required": True, "schema": name},
        ],
        "get": {
            "operationId": "getTag",
            "summary": "友だちに付いているタグを返します / A tag on a friend",
            "responses": _answers(200, "The tag.", shapes.TagOut, 401, 404),
        },
        "put": {
            "operationId": "putTag",
            "summary": "友だちにタグを付けます / Put a tag on a friend",
            "responses": _answers(201, "The tag, newly put on.", shapes.TagOut) | there,
        },
        "delete": {
            "operationId": "deleteTag",
            "summary": "友だちのタグを外します / Take a tag off a friend",
            "description": (
                "ルールで付いているタグには409を返します。 / Answers 409 for a tag that a rule keeps on."
            ),
            "responses": _answers(404, _ERRORS[404], shapes.ErrorOut, 401, 409)
            | {"204": {"description": "It is not there any more."}},
        },
    }


def _member_code() -> dict[str, Any]:
    return {
        "operationId": "issueMemberCode",
        "summary": "会員番号の連携コードを発行します / Issue a one-time code that links a member number",
        "requestBody": {"required": True, **_json(_ref(shapes.MemberCodeIn))},
        "responses": _answers(
            201, "The code, told this once.", shapes.MemberCodeOut, 400, 401, 413, 415, 422
        ),
    }


def _redeem() -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": r"^[^/\x00-\x1f\x7f]+$"}
    return {
        "operationId": "redeemCoupon",
        "summary": "クーポンを利用済みにします / Use a coupon up, once",
        "description": (
            "利用済みのコードには409、期限切れのコードには422を返します。"
            " / Answers 409 for a code that was used before, 422 for one whose time is over."
        ),
        "parameters": [{"name": "code", "in": "path", "required": True, "schema": schema}],
        "responses": _answers(200, "The coupon, used up.", shapes.CouponOut, 401, 404, 409, 422),
    }
