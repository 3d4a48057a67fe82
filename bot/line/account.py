"""The account itself through line-bot-sdk: quota, webhook address, rich menus, tokens."""

# pyright: reportMissingTypeStubs=false
# line-bot-sdk ships no type stubs and no py.typed: its objects are Any from here on.

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from linebot.v3.messaging import (
    ApiClient,
    MessagingApi,
    MessagingApiBlob,
    RichMenuBulkLinkRequest,
    RichMenuBulkUnlinkRequest,
    RichMenuRequest,
    SetWebhookEndpointRequest,
    TestWebhookEndpointRequest,
)

from bot.line.calls import CallRecorder
from bot.line.ports import BotInfo, MenuOnLine, WebhookEndpoint, WebhookTest
from bot.line.sdk import configuration, recorded
from bot.line.token_verifier import TokenVerifier
from bot.line.tokens import LongLivedToken, TokenSource
from scheduler.gateway import Quota, RefusedByLine, TokenInvalid
from segments.clock import Clock


class LineAccount:
    """One ApiClient for each of LINE's two hosts, kept: a new one costs 17 ms of TLS."""

    def __init__(
        self, base_url: str, data_base_url: str, tokens: TokenSource, calls: CallRecorder, clock: Clock
    ) -> None:
        self._tokens = tokens
        self._calls = calls
        self._clock = clock
        # The SDK's methods carry no complete types.
        self._api: Any = MessagingApi(ApiClient(configuration(base_url)))
        self._blob: Any = MessagingApiBlob(ApiClient(configuration(data_base_url)))
        self._verifier = TokenVerifier(base_url, calls, clock)

    def token_ends_in(self) -> timedelta | None:
        """Return how long the token set by hand is still good for; None without an end."""
        if not isinstance(self._tokens, LongLivedToken) or not self._tokens.value:
            return None
        return self._verifier.ends_in(self._tokens.value)

    def quota(self) -> Quota:
        """Return this month's limit and use."""
        limit = self._call("/v2/bot/message/quota", self._api.get_message_quota_with_http_info)
        used = self._call(
            "/v2/bot/message/quota/consumption", self._api.get_message_quota_consumption_with_http_info
        )
        return Quota(limit=limit.value if limit.type == "limited" else None, used=used.total_usage)

    def bot_info(self) -> BotInfo:
        """Return who the token belongs to."""
        info = self._call("/v2/bot/info", self._api.get_bot_info_with_http_info)
        return BotInfo(info.user_id, info.basic_id, info.display_name)

    def webhook_endpoint(self) -> WebhookEndpoint | None:
        """Return where LINE posts events; None when no address is set."""
        endpoint = "/v2/bot/channel/webhook/endpoint"
        try:
            found = self._call(endpoint, self._api.get_webhook_endpoint_with_http_info)
        except RefusedByLine as refused:
            if refused.status == 404:
                return None
            raise
        return WebhookEndpoint(found.endpoint, bool(found.active))

    def set_webhook_endpoint(self, url: str) -> None:
        """Set where LINE posts events."""
        request = SetWebhookEndpointRequest(endpoint=url)
        self._call("/v2/bot/channel/webhook/endpoint", self._api.set_webhook_endpoint_with_http_info, request)

    def test_webhook(self, url: str | None = None) -> WebhookTest:
        """Have LINE post to the address set, or to `url`."""
        request = TestWebhookEndpointRequest(endpoint=url)
        endpoint = "/v2/bot/channel/webhook/test"
        came = self._call(endpoint, self._api.test_webhook_endpoint_with_http_info, request)
        return WebhookTest(bool(came.success), came.status_code, came.reason, came.detail)

    def link_token(self, line_user_id: str) -> str:
        """Draw a token for linking an account."""
        endpoint = "/v2/bot/user/{userId}/linkToken"
        return self._call(endpoint, self._api.issue_link_token_with_http_info, line_user_id).link_token

    def list_rich_menus(self) -> list[MenuOnLine]:
        """Return every rich menu made through the API."""
        listed = self._call("/v2/bot/richmenu/list", self._api.get_rich_menu_list_with_http_info)
        return [MenuOnLine(menu.rich_menu_id, menu.name) for menu in listed.richmenus]

    def create_rich_menu(self, menu: dict[str, Any]) -> str:
        """Create a menu and return LINE's id of it."""
        # from_dict, not the constructor: it alone picks the kind of each action.
        models: Any = RichMenuRequest
        request = models.from_dict(menu)
        return self._call("/v2/bot/richmenu", self._api.create_rich_menu_with_http_info, request).rich_menu_id

    def upload_rich_menu_image(self, rich_menu_id: str, image: bytes, content_type: str) -> None:
        """Give a menu its image."""
        self._call(
            "/v2/bot/richmenu/{richMenuId}/content",
            self._blob.set_rich_menu_image_with_http_info,
            rich_menu_id,
            image,
            _headers={"Content-Type": content_type},
        )

    def set_default_rich_menu(self, rich_menu_id: str) -> None:
        """Show a menu to every friend who has none of their own."""
        endpoint = "/v2/bot/user/all/richmenu/{richMenuId}"
        self._call(endpoint, self._api.set_default_rich_menu_with_http_info, rich_menu_id)

    def default_rich_menu(self) -> str | None:
        """Return the id of the default menu."""
        try:
            found = self._call("/v2/bot/user/all/richmenu", self._api.get_default_rich_menu_id_with_http_info)
        except RefusedByLine as refused:
            if refused.status == 404:
                return None
            raise
        return found.rich_menu_id

    def delete_rich_menu(self, rich_menu_id: str) -> None:
        """Delete a menu."""
        endpoint = "/v2/bot/richmenu/{richMenuId}"
        self._call(endpoint, self._api.delete_rich_menu_with_http_info, rich_menu_id)

    def link_rich_menu(self, line_user_id: str, rich_menu_id: str) -> None:
        """Show a menu to one friend."""
        endpoint = "/v2/bot/user/{userId}/richmenu/{richMenuId}"
        self._call(endpoint, self._api.link_rich_menu_id_to_user_with_http_info, line_user_id, rich_menu_id)

    def unlink_rich_menu(self, line_user_id: str) -> None:
        """Give one friend the default menu again."""
        endpoint = "/v2/bot/user/{userId}/richmenu"
        self._call(endpoint, self._api.unlink_rich_menu_id_from_user_with_http_info, line_user_id)

    def bulk_link_rich_menu(self, rich_menu_id: str, line_user_ids: Sequence[str]) -> None:
        """Show a menu to at most 500 friends."""
        request = RichMenuBulkLinkRequest(richMenuId=rich_menu_id, userIds=list(line_user_ids))
        endpoint = "/v2/bot/richmenu/bulk/link"
        self._call(endpoint, self._api.link_rich_menu_id_to_users_with_http_info, request)

    def bulk_unlink_rich_menu(self, line_user_ids: Sequence[str]) -> None:
        """Give at most 500 friends the default menu again."""
        request = RichMenuBulkUnlinkRequest(userIds=list(line_user_ids))
        endpoint = "/v2/bot/richmenu/bulk/unlink"
        self._call(endpoint, self._api.unlink_rich_menu_id_from_users_with_http_info, request)

    def content_preview(self, line_message_id: str) -> bytes:
        """Return the small picture of an image or video that a friend sent."""
        endpoint = "/v2/bot/message/{messageId}/content/preview"
        return bytes(
            self._call(endpoint, self._blob.get_message_content_preview_with_http_info, line_message_id)
        )

    def close(self) -> None:
        """Close the kept connections."""
        for api in (self._api, self._blob):
            api.api_client.rest_client.pool_manager.clear()
        self._verifier.close()

    def _call(self, endpoint: str, method: Callable[..., Any], *args: Any, **more: Any) -> Any:
        token = self._tokens.token()
        try:
            return self._attempt(token, endpoint, method, *args, **more)
        except TokenInvalid as refused:
            fresh = self._tokens.renewed(token) if refused.status == 401 else None
            if fresh is None:
                raise
        return self._attempt(fresh, endpoint, method, *args, **more)

    def _attempt(self, token: str, endpoint: str, method: Callable[..., Any], *args: Any, **more: Any) -> Any:
        for api in (self._api, self._blob):
            api.api_client.configuration.access_token = token
        return recorded(self._calls, self._clock, endpoint, method, *args, **more)
