"""The fields that bubbles of a message are made in: what each is called, how long it may be, whether it is translated."""

from dataclasses import dataclass
from enum import StrEnum

from bot.i18n import N_

ACTION_LABEL = 20
URL_LIMIT = 1000
MOST_QUICK_REPLIES = 13


class Widget(StrEnum):
    """How a field is typed."""

    LINE = "line"
    AREA = "area"
    URL = "url"
    PICTURE = "picture"
    """Uploaded, chosen from those uploaded before, or an address."""
    CODE = "code"
    CHOICE = "choice"


@dataclass(frozen=True)
class Field:
    """One field of a bubble."""

    name: str
    label: str
    limit: int = 0
    """UTF-16 units, as LINE counts; 0 = none."""
    spoken: bool = False
    """Whether each language has its own."""
    widget: Widget = Widget.LINE
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Slot:
    """A button: what it says and what a tap does."""

    name: str
    label: str
    is_optional: bool = True


@dataclass(frozen=True)
class Group:
    """Fields that come several times: the cards of a carousel, the lines of a receipt."""

    name: str
    label: str
    fields: tuple[Field, ...]
    slots: tuple[Slot, ...] = ()
    least: int = 1
    most: int = 10


@dataclass(frozen=True)
class Kind:
    """One kind of bubble."""

    name: str
    label: str
    fields: tuple[Field, ...] = ()
    slots: tuple[Slot, ...] = ()
    group: Group | None = None


ACTIONS = (
    ("", N_("なし")),
    ("uri", N_("ページを開く")),
    ("link", N_("タップを数えるリンクを開く")),
    ("message", N_("文字を送る")),
)
QUICK = (
    Field("label", N_("ボタンの文字"), ACTION_LABEL, spoken=True),
    Field("text", N_("送られる文字（空欄ならボタンの文字）"), 300, spoken=True),
)
