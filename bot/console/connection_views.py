"""What the page of the LINE connection shows: how we are wired, what was found when it was last checked."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.line.check import Finding
from bot.line.webhook import PATH
from bot.models import InboundEvent
from bot.settings import LINE_API, Settings
from segments.models import Setting

SETTING = "connection_check"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class Checked:
    """What a check found."""

    at: datetime
    findings: Sequence[Finding]

    @property
    def is_fine(self) -> bool:
        """Whether nothing was wrong."""
        return all(each.ok for each in self.findings)


@dataclass(frozen=True)
class Wiring:
    """How this program is connected, as its settings say."""

    simulator: str
    """The address of the simulator that stands in for LINE; "" with LINE itself."""
    has_secret: bool
    has_token: bool
    public_url: str
    webhook: str
    """The address that LINE is to be told."""

    @property
    def is_reachable(self) -> bool:
        """Whether LINE could post to the address at all."""
        return bool(self.simulator) or self.webhook.startswith("https://")


def wiring(settings: Settings) -> Wiring:
    """Return how we are connected; never a credential itself."""
    api = settings.line_api_base_url
    stands_in = api != LINE_API and (urlsplit(api).hostname or "") in LOOPBACK
    return Wiring(
        simulator=api if stands_in else "",
        has_secret=bool(settings.channel_secret.get_secret_value()),
        has_token=bool(settings.channel_access_token.get_secret_value() or settings.channel_id),
        public_url=settings.public_url,
        webhook=settings.base_url + PATH,
    )


def last_event_at(session: Session) -> datetime | None:
    """Return when LINE last told us anything, signed with our channel's secret; None as long as it never did."""
    newest = select(func.max(InboundEvent.id)).scalar_subquery()
    return session.scalar(select(InboundEvent.received_at).where(InboundEvent.id == newest))


def last_check(session: Session) -> Checked | None:
    """Return what the last check found; None when there was none."""
    stored = session.get(Setting, SETTING)
    if stored is None:
        return None
    findings = [Finding(**each) for each in stored.value["findings"]]
    return Checked(datetime.fromisoformat(stored.value["at"]), findings)


def keep_check(session: Session, findings: Sequence[Finding], now: datetime) -> None:
    """Remember what was found: LINE takes 60 tests an hour, a page is opened more often."""
    value: Mapping[str, Any] = {"at": now.isoformat(), "findings": [asdict(each) for each in findings]}
    session.merge(Setting(name=SETTING, value=dict(value), updated_at=now))
    session.flush()


def add_friend_link(basic_id: str) -> str:
    """Return LINE's link for adding the account as a friend; "" while its @id is not known."""
    return f"https://line.me/R/ti/p/{quote(basic_id, safe='')}" if basic_id else ""
