"""How long the channel access token is good for: asked of LINE once a day, kept, so that its end is known in time."""

from datetime import datetime, timedelta
from hashlib import blake2s

from sqlalchemy.orm import Session

from bot.line.ports import TokenGateway
from bot.services import Services
from scheduler.gateway import GatewayError, TokenInvalid
from segments.models import Setting

SETTING = "token_life"
ASKED_EVERY = timedelta(days=1)


def ends_at(session: Session) -> datetime | None:
    """Return when the token ends, as LINE last said; None without an end, or when LINE has not said."""
    kept = session.get(Setting, SETTING)
    return _moment(kept.value["ends_at"]) if kept is not None else None


def look(services: Services) -> None:
    """Ask LINE how long the token lives, when that was not asked today or the token is another one since.

    When no answer comes, the next round asks again. A token that LINE no longer knows keeps the end it had.
    """
    gateway, now = services.gateway, services.clock.now()
    if not isinstance(gateway, TokenGateway):
        return
    mark = _mark(services)
    with services.database.reading() as session:
        kept = session.get(Setting, SETTING)
    same = kept if kept is not None and kept.value["mark"] == mark else None
    if same is not None and now - same.updated_at < ASKED_EVERY:
        return
    try:
        left = gateway.token_ends_in()
        ends = now + left if left is not None else None
    except TokenInvalid:
        ends = _moment(same.value["ends_at"]) if same is not None else None
    except GatewayError:
        return
    value = {"mark": mark, "ends_at": ends.isoformat() if ends else None}
    with services.database.begin() as session:
        session.merge(Setting(name=SETTING, value=value, updated_at=now))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _mark(services: Services) -> str:
    """Return what tells one token from another and gives nothing of it away."""
    settings = services.settings
    token = settings.channel_access_token.get_secret_value()
    return blake2s(f"{settings.channel_id}:{token}".encode(), digest_size=8).hexdigest()
