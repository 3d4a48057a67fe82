"""Is the connection with LINE right, and if not, what is wrong and what is to be done?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from bot.line.ports import AccountGateway, TokenGateway
from bot.line.webhook import PATH
from bot.models import InboundEvent
from bot.services import Services
from scheduler.gateway import GatewayError, TokenInvalid


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, in words, and what to do about it when it is not right."""

    subject: str
    """`secret`, `token`, `webhook` or `quota`."""
    ok: bool
    ja: str
    en: str
    todo_ja: str = ""
    todo_en: str = ""

    def words(self, language: str) -> str:
        """Return what was found and what to do."""
        said, todo = (self.ja, self.todo_ja) if language == "ja" else (self.en, self.todo_en)
        return f"{said} → {todo}" if todo else said


Check = Callable[[Services, AccountGateway], Finding]


def check(services: Services) -> list[Finding]:
    """Look at token, secret, webhook address and quota; one failing stops none of the others."""
    gateway = services.gateway
    assert isinstance(gateway, AccountGateway)
    checks: tuple[tuple[str, Check], ...] = (
        ("token", _token),
        ("webhook", _webhook),
        ("secret", _secret),
        ("quota", _quota),
    )
    return [_looked_at(subject, one, services, gateway) for subject, one in checks]


def _looked_at(subject: str, look: Check, services: Services, gateway: AccountGateway) -> Finding:
    try:
        return look(services, gateway)
    except TokenInvalid as error:
        return Finding(
            subject,
            False,
            f"チャネルアクセストークンがLINEに認められません（{error.status}）。",
            f"LINE does not accept the channel access token ({error.status}).",
            "LINE Developersコンソールでトークンを発行し直し、LINE_CHANNEL_ACCESS_TOKEN に設定してください。",
            "Issue a new token in the LINE Developers console and set LINE_CHANNEL_ACCESS_TOKEN.",
        )
    except GatewayError as error:
        return Finding(
            subject,
            False,
            f"LINEに確認できませんでした（{type(error).__name__} {error.status or ''}）。",
            f"LINE could not be asked ({type(error).__name__} {error.status or ''}).",
            "ネットワークと LINE_API_BASE_URL を確かめ、しばらくしてからもう一度お試しください。",
            "Check the network and LINE_API_BASE_URL, and try again in a while.",
        )


def _token(services: Services, gateway: AccountGateway) -> Finding:
    bot = gateway.bot_info()
    left = _left(gateway)
    until = (services.clock.now() + left).astimezone(services.settings.zone) if left is not None else None
    return Finding(
        "token",
        True,
        f"アクセストークンは有効です：{bot.display_name}（{bot.basic_id}）"
        + (f"。{until:%Y年%m月%d日 %H:%M}までです。" if until else ""),
        f"The access token works: {bot.display_name} ({bot.basic_id})"
        + (f". It ends on {until:%Y-%m-%d %H:%M}." if until else ""),
    )


def _left(gateway: AccountGateway) -> timedelta | None:
    """Return how long the token is still good for; None without an end, and when LINE does not say."""
    if not isinstance(gateway, TokenGateway):
        return None
    try:
        return gateway.token_ends_in()
    except GatewayError:
        return None  # It works, as was just seen.


def _webhook(services: Services, gateway: AccountGateway) -> Finding:
    endpoint = gateway.webhook_endpoint()
    wanted = services.settings.base_url + PATH
    if endpoint is None or not endpoint.url:
        return Finding(
            "webhook",
            False,
            "Webhook URLが設定されていません。",
            "No webhook URL is set.",
            f"LINE Developersコンソールで {wanted} を設定し、「Webhookの利用」をオンにしてください。",
            f"Set {wanted} in the LINE Developers console and switch “Use webhook” on.",
        )
    if not endpoint.active:
        return Finding(
            "webhook",
            False,
            f"Webhook（{endpoint.url}）の利用がオフになっています。",
            f"The webhook ({endpoint.url}) is switched off.",
            "LINE Developersコンソールで「Webhookの利用」をオンにしてください。",
            "Switch “Use webhook” on in the LINE Developers console.",
        )
    return _reached(gateway, endpoint.url)


def _reached(gateway: AccountGateway, url: str) -> Finding:
    test = gateway.test_webhook()
    if test.success:
        return Finding(
            "webhook", True, f"LINEからWebhook（{url}）に届いています。", f"LINE reaches the webhook ({url})."
        )
    if test.status == 401:
        return Finding(
            "webhook",
            False,
            f"Webhook（{url}）に届きましたが、署名が合いません。",
            f"LINE reached the webhook ({url}), but the signature did not match.",
            "LINE_CHANNEL_SECRET に、このチャネルのチャネルシークレットを設定してください。",
            "Set LINE_CHANNEL_SECRET to this channel's secret.",
        )
    return Finding(
        "webhook",
        False,
        f"LINEからWebhook（{url}）に届きません（{test.reason} {test.detail}）。",
        f"LINE does not reach the webhook ({url}): {test.reason} {test.detail}.",
        "サーバーが動いていること、URLがhttpsで外部から開けることを確かめてください。",
        "Make sure that the server runs and that the address can be reached over https from outside.",
    )


def _secret(services: Services, gateway: AccountGateway) -> Finding:
    if not services.settings.channel_secret.get_secret_value():
        return Finding(
            "secret",
            False,
            "チャネルシークレットが設定されていません。Webhookはすべて拒否されます。",
            "No channel secret is set: every webhook is refused.",
            "LINE_CHANNEL_SECRET を設定してください。",
            "Set LINE_CHANNEL_SECRET.",
        )
    with services.database.reading() as session:
        last = session.scalar(select(func.max(InboundEvent.received_at)))
    if last is None:
        return Finding(
            "secret",
            True,
            "チャネルシークレットは設定済みです（最初のWebhookが届くまで、正しさは確認できません）。",
            "The channel secret is set (whether it is right shows when the first webhook comes).",
        )
    when = last.astimezone(services.settings.zone)
    return Finding(
        "secret",
        True,
        f"チャネルシークレットは正しく設定されています（最後のWebhook：{when:%Y年%m月%d日 %H:%M}）。",
        f"The channel secret is right (last webhook: {when:%Y-%m-%d %H:%M}).",
    )


def _quota(services: Services, gateway: AccountGateway) -> Finding:
    quota = services.gateway.quota()
    if quota.limit is None:
        return Finding(
            "quota",
            True,
            f"今月の配信：{quota.used:,}通（上限なし）",
            f"Messages this month: {quota.used:,} (no limit)",
        )
    left = quota.limit - quota.used
    said = (
        f"今月の配信：{quota.used:,}／{quota.limit:,}通",
        f"Messages this month: {quota.used:,} of {quota.limit:,}",
    )
    if left > 0:
        return Finding("quota", True, *said)
    return Finding(
        "quota",
        False,
        *said,
        "今月の通数を使い切っています。料金プランの変更か、翌月までお待ちいただく必要があります。",
        "The month's messages are used up: change the plan or wait for next month.",
    )
