"""The figures of a broadcast, with a JSON round trip."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class LinkTaps:
    """Taps on one link that the broadcast carried."""

    name: str
    url: str
    taps: int
    friends: int


@dataclass(frozen=True)
class Group:
    """What a group of friends bought: those who got it, or those held out to compare with."""

    friends: int = 0
    buyers: int = 0
    orders: int = 0
    yen: int = 0
    squares: float = 0.0
    """The sum of what each friend spent, squared: how much it varies."""


@dataclass(frozen=True)
class Figures:
    """What came of a broadcast within so many days after each friend got it."""

    receivers: Group = field(default_factory=Group)
    control: Group = field(default_factory=Group)
    taps: int = 0
    tappers: int = 0
    blocks: int = 0
    links: tuple[LinkTaps, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self) | {"links": [asdict(each) for each in self.links]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            Group(**data["receivers"]),
            Group(**data["control"]),
            data["taps"],
            data["tappers"],
            data["blocks"],
            tuple(LinkTaps(**each) for each in data["links"]),
        )
