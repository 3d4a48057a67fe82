"""What the bot does about each kind of event: one file a subject, one table that names them all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from bot.line.handlers import account_link, following, media, postbacks, taken_back, texts
from bot.line.turn import Turn
from bot.models import InboundEvent

Handler = Callable[[Turn], None]
HandlerOfMany = Callable[[Sequence[Turn]], None]

BY_KIND: dict[str, Handler] = {
    "follow": following.follow,
    "unfollow": following.unfollow,
    "postback": postbacks.postback,
    "unsend": taken_back.unsend,
    "accountLink": account_link.linked,
}
"""Kinds not named here (joins, beacons, whatever LINE may invent) are kept and counted, and nothing is done."""

TOGETHER: Mapping[Handler, HandlerOfMany] = {following.follow: following.follow_all}
"""What does the same for many friends of one batch at once."""


def of(event: InboundEvent) -> Handler | None:
    """Return what handles an event; None when nothing does."""
    if event.kind != "message":
        return BY_KIND.get(event.kind)
    message = event.raw.get("message")
    if not isinstance(message, dict):
        return None
    kind = media.kind_of(cast(dict[str, Any], message))
    return texts.text if kind == "text" else media.medium
