"""What the surfaces ask of LINE beyond sending: answers in batches, the account itself, rich menus."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, runtime_checkable

from scheduler.gateway import Accepted, GatewayError, MessageGateway, MessageObject, Profile


@dataclass(frozen=True)
class Answer:
    """Messages for one reply token."""

    reply_token: str
    messages: tuple[MessageObject, ...]


@runtime_checkable
class ConversationGateway(MessageGateway, Protocol):
    """What the inbox needs: everything it asks of LINE for one batch goes side by side."""

    def reply_many(self, answers: Sequence[Answer]) -> list[Accepted | GatewayError]:
        """Send each answer once; what became of `answers[i]` is at i. Never raises for one."""
        ...

    def profiles(self, line_user_ids: Sequence[str]) -> list[Profile | GatewayError]:
        """Ask for profiles; what came of `line_user_ids[i]` is at i. Never raises for one."""
        ...


@dataclass(frozen=True)
class WebhookEndpoint:
    """Where LINE posts events, and whether it does."""

    url: str
    active: bool


@dataclass(frozen=True)
class WebhookTest:
    """What came of LINE's own test of the webhook address."""

    success: bool
    status: int
    reason: str
    detail: str


@dataclass(frozen=True)
class BotInfo:
    """The official account behind the token."""

    user_id: str
    basic_id: str
    display_name: str


@dataclass(frozen=True)
class MenuOnLine:
    """A rich menu as LINE lists it."""

    rich_menu_id: str
    name: str


@runtime_checkable
class RichMenuGateway(Protocol):
    """Rich menus on LINE's side. Every method raises a GatewayError."""

    def list_rich_menus(self) -> list[MenuOnLine]:
        """Return every rich menu made through the API."""
        ...

    def create_rich_menu(self, menu: dict[str, Any]) -> str:
        """Create a menu from a rich menu object and return LINE's id of it; at most 100 an hour."""
        ...

    def upload_rich_menu_image(self, rich_menu_id: str, image: bytes, content_type: str) -> None:
        """Give a menu its image of at most 1 MB; LINE takes one only, once."""
        ...

    def set_default_rich_menu(self, rich_menu_id: str) -> None:
        """Show a menu to every friend who has none of their own."""
        ...

    def default_rich_menu(self) -> str | None:
        """Return the id of the default menu."""
        ...

    def delete_rich_menu(self, rich_menu_id: str) -> None:
        """Delete a menu."""
        ...

    def link_rich_menu(self, line_user_id: str, rich_menu_id: str) -> None:
        """Show a menu to one friend."""
        ...

    def unlink_rich_menu(self, line_user_id: str) -> None:
        """Give one friend the default menu again."""
        ...

    def bulk_link_rich_menu(self, rich_menu_id: str, line_user_ids: Sequence[str]) -> None:
        """Show a menu to at most 500 friends; those who are none are passed over without a word."""
        ...

    def bulk_unlink_rich_menu(self, line_user_ids: Sequence[str]) -> None:
        """Give at most 500 friends the default menu again."""
        ...


@runtime_checkable
class ContentGateway(Protocol):
    """What friends sent besides words; LINE keeps it for a while only."""

    def content_preview(self, line_message_id: str) -> bytes:
        """Return the small picture of an image or video. Raises a GatewayError; RefusedByLine once it is gone."""
        ...


@runtime_checkable
class AccountGateway(Protocol):
    """The account and its webhook. Every method raises a GatewayError."""

    def bot_info(self) -> BotInfo:
        """Return who the token belongs to."""
        ...

    def webhook_endpoint(self) -> WebhookEndpoint | None:
        """Return where LINE posts events; None when no address is set."""
        ...

    def set_webhook_endpoint(self, url: str) -> None:
        """Set where LINE posts events."""
        ...

    def test_webhook(self, url: str | None = None) -> WebhookTest:
        """Have LINE post to the address set, or to `url`; at most 60 an hour."""
        ...

    def link_token(self, line_user_id: str) -> str:
        """Draw a token for linking an account: 10 minutes, once."""
        ...


@runtime_checkable
class TokenGateway(Protocol):
    """What is known of the channel access token itself."""

    def token_ends_in(self) -> timedelta | None:
        """Return how long the token is still good for; None without an end, and for tokens drawn every few minutes.

        Raises TokenInvalid for a token that LINE does not know (any more), and the other GatewayErrors.
        """
        ...
