"""What the pages of messages show: one message with its versions and uses, what differs between two versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.actors import actor_name
from bot.console import fact_code
from bot.i18n import N_
from scheduler import message_library, message_texts, message_uses, step_changes
from scheduler.message_uses import Use
from scheduler.models import Message, MessageVersion

KINDS = {
    "text": N_("文章"),
    "textV2": N_("文章"),
    "image": N_("画像"),
    "video": N_("動画"),
    "audio": N_("音声"),
    "sticker": N_("スタンプ"),
    "location": N_("地図"),
    "imagemap": N_("画像マップ"),
    "template": N_("ボタン・カード"),
    "flex": N_("カード"),
    "coupon": N_("クーポン"),
    "mixed": N_("組み合わせ"),
}
PURPOSES = {
    "sales": N_("販売のご案内"),
    "care": N_("お礼・お役立ち"),
    "service": N_("お返事"),
}


@dataclass(frozen=True)
class VersionRow:
    """One version in the list of a message."""

    number: int
    at: datetime
    by: str


@dataclass(frozen=True)
class Record:
    """One message with all that its page shows."""

    message: Message
    version: MessageVersion
    newest: int
    rows: Sequence[VersionRow]
    uses: Sequence[Use]


def record(session: Session, message_id: int, number: int | None = None) -> Record:
    """Return a message in one of its versions, the newest when none is named; raises NotFound."""
    message = message_library.get(session, message_id)
    found = message_library.versions(session, message_id)
    version = found[0] if number is None else message_library.version(session, message_id, number)
    rows = [VersionRow(each.version, each.created_at, actor_name(session, each.created_by)) for each in found]
    return Record(message, version, found[0].version, rows, message_uses.uses(session, message_id))


@dataclass(frozen=True)
class Difference:
    """One text that differs between two versions."""

    language: str
    before: str
    after: str


def differences(one: MessageVersion, other: MessageVersion) -> list[Difference]:
    """Return the texts that differ, by their place; "" where one version has none there."""
    before, after = _texts(one), _texts(other)
    return [
        Difference(path[:2], before.get(path, ""), after.get(path, ""))
        for path in dict.fromkeys((*before, *after))
        if before.get(path) != after.get(path)
    ]


def _texts(version: MessageVersion) -> dict[str, str]:
    return {
        each.path: fact_code.to_text(each.text, each.path[:2])
        for each in message_texts.texts(version.content)
    }


def newest(session: Session, message_id: int) -> tuple[Message, MessageVersion]:
    """Return a message with the version it goes out in."""
    return message_library.get(session, message_id), step_changes.newest(session, message_id)
