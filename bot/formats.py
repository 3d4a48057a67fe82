"""How moments, money and numbers are written for people, in Japanese and in English."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS_JA = "月火水木金土日"
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
JAPAN = "Asia/Tokyo"


def day(when: date, language: str) -> str:
    """Return 2026年11月21日（土） or Sat 21 Nov 2026."""
    if language == "en":
        return f"{WEEKDAYS_EN[when.weekday()]} {when.day} {MONTHS_EN[when.month - 1]} {when.year}"
    return f"{when.year}年{when.month}月{when.day}日（{WEEKDAYS_JA[when.weekday()]}）"


def moment(at: datetime, zone: ZoneInfo, language: str) -> str:
    """Return 2026年11月21日（土） 14:30, as the clock on the shop's wall shows it."""
    local = at.astimezone(zone)
    between = ", " if language == "en" else " "
    return f"{day(local.date(), language)}{between}{local:%H:%M}"


def hours(begins: time, ends: time, language: str) -> str:
    """Return a part of the day: 21:00〜翌9:00 or 21:00–09:00."""
    if language == "en":
        return f"{begins:%H:%M}–{ends:%H:%M}"
    return f"{begins.hour}:{begins:%M}〜{'翌' if ends <= begins else ''}{ends.hour}:{ends:%M}"


def zone_name(zone: ZoneInfo, language: str) -> str:
    """Return how people call the shop's zone; elsewhere than in Japan its own name is clearest."""
    if zone.key == JAPAN:
        return "Japan time" if language == "en" else "日本時間"
    return zone.key


def number(value: int) -> str:
    """Return 1,234,567."""
    return f"{value:,}"


def yen(amount: int, language: str) -> str:
    """Return 1,980円 or ¥1,980."""
    return f"¥{amount:,}" if language == "en" else f"{amount:,}円"


def ago(span: timedelta, language: str) -> str:
    """Return how long ago in one unit: 5分前, 3時間前, 2日前."""
    minutes = max(int(span.total_seconds() // 60), 0)
    amounts = (
        (minutes // 1440, "日前", " d ago"),
        (minutes // 60, "時間前", " h ago"),
        (minutes, "分前", " min ago"),
    )
    for amount, japanese, english in amounts:
        if amount:
            return f"{amount}{english if language == 'en' else japanese}"
    return "just now" if language == "en" else "たった今"
