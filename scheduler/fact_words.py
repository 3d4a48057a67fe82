"""Words for facts of friends: names made safe to say, links to share, the cycle explained."""

import unicodedata
from urllib.parse import quote

NAME_LIMIT = 40
REFERRAL_WORD = "紹介コード"
"""What stands before the code in the text a newcomer sends; the chat recognises it."""


def cleaned(name: str) -> str:
    """Return a display name fit to be said: one line, no control characters, at most 40 characters."""
    if name.isprintable() and len(name) <= NAME_LIMIT and name.strip() == name and "  " not in name:
        return name  # As nearly all names are: looking at each character takes ten times as long.
    visible = (" " if _is_space(character) else character for character in name if _is_sayable(character))
    one_line = " ".join("".join(visible).split())
    return one_line if len(one_line) <= NAME_LIMIT else one_line[: NAME_LIMIT - 1] + "…"


def _is_space(character: str) -> bool:
    return character.isspace()


def _is_sayable(character: str) -> bool:
    # Cc: control, Cs: half a surrogate pair, Cn: not a character. Joiners (Cf) hold emoji together.
    return character.isspace() or unicodedata.category(character) not in {"Cc", "Cs", "Cn"}


def stranger(language: str) -> str:
    """Return what to call a friend whose name is not known."""
    return "お客様" if language == "ja" else "Customer"


def name_sama(name: str, language: str) -> str:
    """Return how to address a friend: 「山田様」, 「お客様」; "Yamada", "there" (as in "Hi there")."""
    if language == "ja":
        return f"{name}様" if name else "お客様"
    return name or "there"


def cycle_reason(gaps: int | None, cycle_days: float | None, language: str) -> str:
    """Return why we think of a next purchase: 「これまで6回、約31日ごとにご購入」; "" when no cycle is known."""
    if gaps is None or cycle_days is None:
        return ""
    times, days = gaps + 1, max(1, round(cycle_days))
    if language == "ja":
        return (
            f"これまで{times}回、約{days}日ごとにご購入" if gaps else f"約{days}日ごとにご購入の方が多い商品"
        )
    return (
        f"bought {times} times, about every {days} days"
        if gaps
        else f"most customers buy it about every {days} days"
    )


def referral_url(basic_id: str, code: str) -> str:
    """Return a link that opens the shop's chat with the referral code ready to send; "" without a LINE @id."""
    if not basic_id:
        return ""
    return (
        f"https://line.me/R/oaMessage/{quote(basic_id, safe='')}/?{quote(f'{REFERRAL_WORD} {code}', safe='')}"
    )


def share_url(shop_name: str, code: str, url: str, language: str) -> str:
    """Return a link that lets a friend pass the referral link on to friends of theirs on LINE.

    LINE takes links of at most 1,000 characters, and each Japanese character takes nine of them.
    """
    shop = cleaned(shop_name)[:20]
    if language == "ja":
        words = f"{shop}をおすすめします。リンクを開いて、紹介コード「{code}」を送信してください。\n{url}"
    else:
        words = f"I recommend {shop}. Open this link and send the referral code {code}.\n{url}"
    return f"https://line.me/R/share?text={quote(words, safe='')}"
