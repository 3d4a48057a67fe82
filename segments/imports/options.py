"""What an operator may choose about an import."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo


class Decimals(StrEnum):
    """What becomes of an amount with a fraction of a yen."""

    REFUSE = "refuse"
    ROUND = "round"


class Phase(StrEnum):
    """What an import is doing while it reports progress."""

    READING = "reading"
    RECORDING = "recording"


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """Choices for one file.

    `mapping` names the field of a column (`{"お買上番号": "order_id"}`), an empty field leaves the
    column out; `encoding` None finds out by itself; `source` None is `import:<run id>`; `zone` is
    the shop's. `amount_factor` multiplies every amount of a purchases file (100: dollars and cents)
    and rounds half up to whole yen.
    """

    mapping: Mapping[str, str] = field(default_factory=dict[str, str])
    encoding: str | None = None
    source: str | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Tokyo"))
    create_products: bool = False
    currency_decimals: Decimals = Decimals.REFUSE
    amount_factor: Decimal = Decimal(1)
    announce_tags: bool = False
    """Whether tags of a friends file are news to scenarios: a file of the past starts none."""
    is_rehearsal: bool = False
    """Whether to find out only what would come of the file: nothing but the refusals is kept."""
    by: str = ""
    """Who asked for it, `operator:3`."""
    upload_id: int | None = None
    file_name: str = ""
    """What the file was called where it came from; "" is its name here."""
    batch_lines: int = 1000
    """How many lines one transaction takes; on SQLite nobody else writes meanwhile (about 0.1 s)."""
