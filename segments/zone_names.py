"""The names of time zones: which there are, and how one that was typed is read."""

from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from segments.errors import Invalid

LONGEST = 64
"""Characters of a name that can be stored; the longest there is has half as many."""
_OF_THE_MACHINE = {"localtime", "Factory"}
"""Names that mean another zone, or none, on every machine."""


@lru_cache(maxsize=256)
def find(name: str) -> ZoneInfo | None:
    """Return the zone of a name (`Asia/Tokyo`, `asia/hong kong`), None when there is none.

    ZoneInfo alone would do for most: but it fails in its own ways for names of folders (`Asia`) and of great length.
    """
    known = _known().get(_folded(name)) if len(name) <= LONGEST else None
    return ZoneInfo(known) if known else None


def read(name: str) -> str:
    """Return a zone's name as it is written; raise Invalid("timezone_unknown", given=…)."""
    zone = find(name)
    if zone is None:
        raise Invalid("timezone_unknown", given=name[:LONGEST])
    return zone.key


@cache
def _known() -> dict[str, str]:
    return {_folded(name): name for name in available_timezones() - _OF_THE_MACHINE}


def _folded(name: str) -> str:
    return name.strip().replace(" ", "_").casefold()
