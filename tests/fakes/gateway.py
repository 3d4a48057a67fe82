"""A LINE platform in memory: accepts, counts, refuses and loses answers as a test tells it to."""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from threading import RLock
from typing import Any, TypeVar
from uuid import UUID

from bot.line.ports import Answer, BotInfo, MenuOnLine, WebhookEndpoint, WebhookTest
from scheduler.gateway import (
    Accepted,
    GatewayError,
    MessageObject,
    Profile,
    Push,
    Quota,
    QuotaExhausted,
    RefusedByLine,
    ToMany,
    UncertainGatewayError,
)

G = TypeVar("G")
T = TypeVar("T")
MESSAGES_MOST = 5


class FakeGateway:
    """Implements MessageGateway and the ports of bot.line; every id is a friend unless told otherwise."""

    def __init__(self, *, quota: int | None = None) -> None:
        self.calls: list[tuple[str, Any]] = []
        """Every request that reached "LINE", failed ones too: (endpoint, what was given)."""
        self.followers: set[str] = set()
        """Ids that a broadcast to everyone reaches."""
        self.unknown: set[str] = set()
        """Ids that a push or multicast refuses."""
        self.blocked: set[str] = set()
        """Ids that are accepted and get nothing."""
        self.profiles_known: dict[str, Profile] = {}
        self.quota_limit = quota
        self.used = 0
        self.menus: dict[str, MenuOnLine] = {}
        self.menu_images: dict[str, bytes] = {}
        self.menu_of: dict[str, str] = {}
        self.default_menu: str | None = None
        self.contents: dict[str, bytes] = {}
        """Pictures that friends sent, by LINE's id of the message."""
        self.webhook: WebhookEndpoint | None = None
        self.webhook_works = True
        self.token_life: timedelta | None = None
        """How long the token is still good for; None without an end."""
        self._sent: defaultdict[str, list[MessageObject]] = defaultdict(list)
        self._failures: defaultdict[str, deque[tuple[GatewayError, bool]]] = defaultdict(deque)
        self._keys: dict[UUID, tuple[str, str]] = {}
        self._tokens: dict[str, str] = {}
        self._numbers = count(1)
        self._lock = RLock()

    def sent_to(self, line_user_id: str) -> list[str]:
        """Return what a friend sees, oldest first: the text of each message, or its alt text."""
        return [shown(message) for message in self._sent[line_user_id]]

    def objects_to(self, line_user_id: str) -> list[MessageObject]:
        """Return the message objects a friend got, oldest first."""
        return list(self._sent[line_user_id])

    def fail(self, endpoint: str, error: GatewayError, times: int = 1) -> None:
        """Make the next `times` calls of `endpoint` (push, multicast, reply, profile …) end in `error`."""
        self._failures[endpoint].extend([(error, False)] * times)

    def mend(self, endpoint: str) -> None:
        """End what `fail` began."""
        self._failures[endpoint].clear()

    def lose_answer(self, endpoint: str, times: int = 1) -> None:
        """Take the next `times` calls of `endpoint`, and let the caller never hear of it."""
        lost = UncertainGatewayError("the answer was lost")
        self._failures[endpoint].extend([(lost, True)] * times)

    def reply_token(self, line_user_id: str) -> str:
        """Return a fresh reply token for a friend, as a webhook event would carry."""
        token = f"token-{next(self._numbers)}"
        self._tokens[token] = line_user_id
        return token

    def push_many(self, pushes: Sequence[Push]) -> list[Accepted | GatewayError]:
        """Accept each push, or say why not."""
        return [self._caught(self._push, push) for push in pushes]

    def multicast_many(self, requests: Sequence[ToMany]) -> list[Accepted | GatewayError]:
        """Send each, or say why not."""
        return [
            self._caught(lambda each: self.multicast(each.to, each.messages, each.retry_key), request)
            for request in requests
        ]

    def multicast(self, to: Sequence[str], messages: Sequence[MessageObject], retry_key: UUID) -> Accepted:
        """Send to all of `to` or, when one is unknown, to none."""

        def checked() -> None:
            for index, line_user_id in enumerate(to):
                if line_user_id in self.unknown:
                    words = f"The property, to[{index}], in the request body is invalid"
                    raise RefusedByLine(words, recipient_index=index, status=400)

        return self._take("multicast", to, messages, retry_key, checked)

    def broadcast(self, messages: Sequence[MessageObject], retry_key: UUID) -> Accepted:
        """Send to all of `followers`."""
        return self._take("broadcast", sorted(self.followers), messages, retry_key, lambda: None)

    def reply(self, reply_token: str, messages: Sequence[MessageObject]) -> Accepted:
        """Answer once with a token given out by `reply_token()`."""

        def checked() -> None:
            if reply_token not in self._tokens:
                raise RefusedByLine("Invalid reply token", status=400)

        with self._lock:
            to = [self._tokens[reply_token]] if reply_token in self._tokens else []
            return self._take("reply", to, messages, None, checked, token=reply_token)

    def reply_many(self, answers: Sequence[Answer]) -> list[Accepted | GatewayError]:
        """Reply to each."""
        return [self._caught(self._reply_to, answer) for answer in answers]

    def validate(self, kind: str, messages: Sequence[MessageObject]) -> None:
        """Accept one to five objects that have a type."""
        self._arrive(f"validate/{kind}", list(messages))
        _check(messages)

    def quota(self) -> Quota:
        """Return the limit this fake was made with, and what was counted since."""
        self._arrive("quota", None)
        return Quota(self.quota_limit, self.used)

    def profile(self, line_user_id: str) -> Profile:
        """Return the profile set in `profiles_known`, or a made-up Japanese one."""
        self._arrive("profile", line_user_id)
        if line_user_id in self.unknown:
            raise RefusedByLine("Not found", status=404)
        return self.profiles_known.get(line_user_id, Profile(f"友だち {line_user_id[-4:]}", None, "ja"))

    def profiles(self, line_user_ids: Sequence[str]) -> list[Profile | GatewayError]:
        """Ask for each."""
        return [self._caught(self.profile, line_user_id) for line_user_id in line_user_ids]

    def bot_info(self) -> BotInfo:
        """Return a made-up account."""
        self._arrive("info", None)
        return BotInfo("U" + "b" * 32, "@fake", "見本の店")

    def token_ends_in(self) -> timedelta | None:
        """Say what `token_life` says."""
        self._arrive("token", None)
        return self.token_life

    def webhook_endpoint(self) -> WebhookEndpoint | None:
        """Return the address set."""
        self._arrive("webhook_get", None)
        return self.webhook

    def set_webhook_endpoint(self, url: str) -> None:
        """Remember the address."""
        self._arrive("webhook_put", url)
        self.webhook = WebhookEndpoint(url, active=True)

    def test_webhook(self, url: str | None = None) -> WebhookTest:
        """Say what `webhook_works` says."""
        self._arrive("webhook_test", url)
        if self.webhook_works:
            return WebhookTest(success=True, status=200, reason="OK", detail="200")
        return WebhookTest(success=False, status=0, reason="COULD_NOT_CONNECT", detail="")

    def link_token(self, line_user_id: str) -> str:
        """Return a made-up token."""
        self._arrive("link_token", line_user_id)
        return f"link-{next(self._numbers)}"

    def list_rich_menus(self) -> list[MenuOnLine]:
        """Return every menu created and not deleted."""
        self._arrive("richmenu_list", None)
        return list(self.menus.values())

    def create_rich_menu(self, menu: dict[str, Any]) -> str:
        """Keep a menu."""
        self._arrive("richmenu_create", menu)
        made = MenuOnLine(f"richmenu-{next(self._numbers)}", str(menu["name"]))
        self.menus[made.rich_menu_id] = made
        return made.rich_menu_id

    def upload_rich_menu_image(self, rich_menu_id: str, image: bytes, content_type: str) -> None:
        """Keep its image; a second one is refused, as LINE does."""
        self._arrive("richmenu_upload", (rich_menu_id, content_type))
        if rich_menu_id in self.menu_images:
            raise RefusedByLine("An image has already been uploaded to the richmenu", status=400)
        self.menu_images[rich_menu_id] = image

    def set_default_rich_menu(self, rich_menu_id: str) -> None:
        """Remember the default; a menu without an image is refused."""
        self._arrive("richmenu_default", rich_menu_id)
        if rich_menu_id not in self.menu_images:
            raise RefusedByLine("must upload richmenu image before applying it to user", status=400)
        self.default_menu = rich_menu_id

    def default_rich_menu(self) -> str | None:
        """Return the default."""
        self._arrive("richmenu_default_get", None)
        return self.default_menu

    def delete_rich_menu(self, rich_menu_id: str) -> None:
        """Forget a menu."""
        self._arrive("richmenu_delete", rich_menu_id)
        if self.menus.pop(rich_menu_id, None) is None:
            raise RefusedByLine("Not found", status=404)

    def link_rich_menu(self, line_user_id: str, rich_menu_id: str) -> None:
        """Remember a friend's own menu."""
        self._arrive("richmenu_link", (line_user_id, rich_menu_id))
        self.menu_of[line_user_id] = rich_menu_id

    def unlink_rich_menu(self, line_user_id: str) -> None:
        """Forget a friend's own menu."""
        self._arrive("richmenu_unlink", line_user_id)
        self.menu_of.pop(line_user_id, None)

    def bulk_link_rich_menu(self, rich_menu_id: str, line_user_ids: Sequence[str]) -> None:
        """Remember the menu of many; those who are no friends are passed over."""
        self._arrive("richmenu_bulk_link", (rich_menu_id, list(line_user_ids)))
        if rich_menu_id not in self.menu_images:
            raise RefusedByLine("invalid richMenuId", status=400)
        assert 1 <= len(line_user_ids) <= 500
        self.menu_of |= dict.fromkeys(
            (each for each in line_user_ids if each not in self.unknown), rich_menu_id
        )

    def bulk_unlink_rich_menu(self, line_user_ids: Sequence[str]) -> None:
        """Forget the menus of many."""
        self._arrive("richmenu_bulk_unlink", list(line_user_ids))
        assert 1 <= len(line_user_ids) <= 500
        for line_user_id in line_user_ids:
            self.menu_of.pop(line_user_id, None)

    def content_preview(self, line_message_id: str) -> bytes:
        """Return the picture put into `contents`."""
        self._arrive("content_preview", line_message_id)
        if line_message_id not in self.contents:
            raise RefusedByLine("Not found", status=404)
        return self.contents[line_message_id]

    def _reply_to(self, answer: Answer) -> Accepted:
        return self.reply(answer.reply_token, answer.messages)

    def _push(self, push: Push) -> Accepted:
        def checked() -> None:
            if push.to in self.unknown:
                raise RefusedByLine("Failed to send messages", status=400)

        return self._take("push", [push.to], push.messages, push.retry_key, checked)

    def _take(
        self,
        endpoint: str,
        to: Sequence[str],
        messages: Sequence[MessageObject],
        retry_key: UUID | None,
        checked: Callable[[], None],
        token: str | None = None,
    ) -> Accepted:
        with self._lock:
            request_id = f"request-{next(self._numbers)}"
            lost = self._arrive(endpoint, {"to": list(to), "messages": list(messages), "key": retry_key})
            if retry_key is not None and retry_key in self._keys:
                first, body = self._keys[retry_key]
                assert body == repr((list(to), list(messages))), "another body under a used retry key"
                return Accepted(request_id, first)
            _check(messages)
            checked()
            counted = 0 if endpoint == "reply" else len(set(to) - self.blocked)
            if self.quota_limit is not None and self.used + counted > self.quota_limit:
                raise QuotaExhausted("You have reached your monthly limit.", status=429)
            self.used += counted
            for line_user_id in set(to) - self.blocked:
                self._sent[line_user_id].extend(messages)
            if retry_key is not None:
                self._keys[retry_key] = (request_id, repr((list(to), list(messages))))
            if token is not None:
                del self._tokens[token]
            if lost is not None:
                raise lost
            return Accepted(request_id)

    def _arrive(self, endpoint: str, given: Any) -> GatewayError | None:
        """Count a call; raise the failure planned for it, or return one to raise after it was taken."""
        with self._lock:
            self.calls.append((endpoint, given))
            if not self._failures[endpoint]:
                return None
            error, taken = self._failures[endpoint].popleft()
            if not taken:
                raise error
            return error

    @staticmethod
    def _caught(method: Callable[[G], T], given: G) -> T | GatewayError:
        try:
            return method(given)
        except GatewayError as failure:
            return failure


def shown(message: MessageObject) -> str:
    """Return the words of a message object: its text, or its alt text, or its type."""
    return str(message.get("text") or message.get("altText") or message["type"])


def _check(messages: Sequence[MessageObject]) -> None:
    if not 1 <= len(messages) <= MESSAGES_MOST:
        details = (("messages", "Size must be between 1 and 5"),)
        raise RefusedByLine("The request body has 1 error(s)", details=details, status=400)
    for index, message in enumerate(messages):
        if message.get("type") == "text" and not message.get("text"):
            details = ((f"messages[{index}].text", "May not be empty"),)
            raise RefusedByLine("The request body has 1 error(s)", details=details, status=400)
