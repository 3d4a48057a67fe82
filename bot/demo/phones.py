"""Makes friends on the simulator, over its HTTP control."""

import json
from collections.abc import Sequence
from urllib.request import Request, urlopen


class Phones:
    """The simulated people's phones."""

    def __init__(self, simulator_url: str) -> None:
        """Speak to the simulator at `simulator_url`."""
        self._url = simulator_url

    def add_friends(self, names: Sequence[str]) -> list[str]:
        """Add one person a name; each follows the shop. Return their LINE user ids in that order."""
        asked = {"count": len(names), "names": list(names), "follow": True}
        request = Request(  # noqa: S310 — the simulator's own http address
            f"{self._url}/sim/friends",
            data=json.dumps(asked).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=30) as answer:  # noqa: S310
            return list(json.load(answer)["ids"])
