"""What LINE tells of friends whose name we do not know, asked for side by side and kept until it is used."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock

import structlog

from bot.line.ports import ConversationGateway
from scheduler.gateway import GatewayError, Profile, RefusedByLine

log = structlog.get_logger(__name__)

REST = timedelta(seconds=30)
"""How long we do without profiles after LINE failed to tell one: a greeting must not wait for them."""
KEPT_AT_MOST = 1000


class Profiles:
    """Asks for profiles; safe to share between threads."""

    def __init__(self, gateway: ConversationGateway) -> None:
        self._gateway = gateway
        self._again_at: datetime | None = None
        self._kept: dict[str, Profile] = {}
        self._guard = Lock()

    def of(self, line_user_ids: Sequence[str], now: datetime) -> dict[str, Profile]:
        """Return the profiles of friends, as far as LINE tells them."""
        with self._guard:
            found = {each: self._kept.pop(each) for each in line_user_ids if each in self._kept}
        return found | self._asked([each for each in line_user_ids if each not in found], now)

    def keep(self, unused: Mapping[str, Profile]) -> None:
        """Take back what was not used: time ran out before its friend's turn came."""
        with self._guard:
            self._kept |= unused
            for oldest in list(self._kept)[:-KEPT_AT_MOST]:
                del self._kept[oldest]

    def _asked(self, line_user_ids: list[str], now: datetime) -> dict[str, Profile]:
        resting = self._again_at is not None and now < self._again_at
        if not line_user_ids or resting:
            return {}
        found = dict(zip(line_user_ids, self._gateway.profiles(line_user_ids), strict=True))
        failed = [each for each in found.values() if isinstance(each, GatewayError)]
        # 404 is about one friend (blocked, gone); any other failure is about LINE.
        if any(not isinstance(failure, RefusedByLine) for failure in failed):
            log.warning("profiles_unavailable", errors=len(failed), kind=type(failed[0]).__name__)
            self._again_at = now + REST
        return {lane: each for lane, each in found.items() if isinstance(each, Profile)}
