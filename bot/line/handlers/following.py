"""Friends follow, come back, or block us."""

from collections.abc import Sequence

from bot.line import menu_linking
from bot.line.turn import Turn, say_to_all
from segments import arrivals, friends

GREETING, WELCOME_BACK = "greeting", "welcome_back"
"""Keys of the ready messages; operators edit them like any other."""


def follow(turn: Turn) -> None:
    """Greet a new friend, welcome one who comes back. Old news changes nothing and says nothing."""
    follow_all([turn])


def follow_all(turns: Sequence[Turn]) -> None:
    """Do so for many friends of one batch, one turn each: a campaign or a shop's opening brings thousands at once."""
    session, now = turns[0].session, turns[0].now
    first = arrivals.follow(session, [arrivals.Follow(turn.friend, turn.at) for turn in turns], now)
    menu_linking.forget(session, first, now)
    told: dict[str, list[Turn]] = {GREETING: [], WELCOME_BACK: []}
    for turn in turns:
        if turn.friend.id in first:
            new = first[turn.friend.id] and not turn.part("follow").get("isUnblocked")
            told[GREETING if new else WELCOME_BACK].append(turn)
    for key, those in told.items():
        say_to_all(those, key)


def unfollow(turn: Turn) -> None:
    """Take note of a block: LINE gives no way to answer it."""
    friends.block(turn.session, turn.friend, turn.at)
