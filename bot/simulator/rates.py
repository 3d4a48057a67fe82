"""LINE's request rates: so many requests an endpoint and window, all others are refused."""

import threading
from collections.abc import Mapping

_DEFAULT = (2000, 1)
_HOUR = 3600
# Requests, seconds: LINE Messaging API reference, "Rate limits".
LIMITS: Mapping[str, tuple[int, int]] = {
    "multicast": (200, 1),
    "loading": (100, 1),
    "narrowcast": (60, _HOUR),
    "broadcast": (60, _HOUR),
    "webhook_test": (60, _HOUR),
    "richmenu_create": (100, _HOUR),
    "richmenu_delete": (100, _HOUR),
    "alias_delete": (100, _HOUR),
    "richmenu_batch": (3, _HOUR),
    "richmenu_batch_progress": (100, _HOUR),
}


class Rates:
    """Counts requests in fixed windows that begin on whole seconds, or whole hours."""

    def __init__(self, enabled: bool, overrides: Mapping[str, tuple[int, int]]) -> None:
        self._start = (enabled, dict(overrides))
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Begin anew with the limits of the start."""
        self.enabled = self._start[0]
        self.overrides = dict(self._start[1])
        self._windows: dict[str, tuple[int, int]] = {}

    def limit_of(self, endpoint: str) -> tuple[int, int]:
        """Requests and seconds."""
        return self.overrides.get(endpoint) or LIMITS.get(endpoint, _DEFAULT)

    def admits(self, endpoint: str, flowing_ms: int) -> bool:
        """Count one request at `flowing_ms`; False when the window is full."""
        if not self.enabled:
            return True
        limit, seconds = self.limit_of(endpoint)
        window = flowing_ms // (seconds * 1000)
        with self._lock:
            seen, count = self._windows.get(endpoint, (window, 0))
            count = count if seen == window else 0
            if count >= limit:
                return False
            self._windows[endpoint] = (window, count + 1)
            return True
