"""A friend follows, comes back, or blocks us."""

from bot.line import menu_linking
from bot.line.turn import Turn
from segments import friends

GREETING, WELCOME_BACK = "greeting", "welcome_back"
"""Keys of the ready messages; operators edit them like any other."""


def follow(turn: Turn) -> None:
    """Greet a new friend, welcome one who comes back. Old news changes nothing and says nothing."""
    known = turn.friend.follow_state_at
    if known is not None and turn.at <= known:
        return
    first = friends.follow(turn.session, turn.friend, turn.at)
    new = first and not turn.part("follow").get("isUnblocked")
    menu_linking.forget(turn.session, turn.friend.id, turn.now)
    turn.say_ready(GREETING if new else WELCOME_BACK)


def unfollow(turn: Turn) -> None:
    """Take note of a block: LINE gives no way to answer it."""
    friends.block(turn.session, turn.friend, turn.at)
