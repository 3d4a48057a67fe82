"""How the parts of conditions are said in Japanese and English."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, tzinfo
from typing import NamedTuple


class Said(NamedTuple):
    """One thing said in both languages."""

    ja: str
    en: str

    def of(self, language: str) -> str:
        """Return the words in `language`; whatever is not Japanese is English."""
        return self.ja if language == "ja" else self.en

    def plus(self, ja: str, en: str) -> "Said":
        """Return the words with more behind them."""
        return Said(self.ja + ja, self.en + en)


Unit = Callable[[int], Said]
"""Says a number of something: 3回 / 3 times."""

NOTHING = Said("", "")


def times(number: int) -> Said:
    """Say how often."""
    return Said(f"{number:,}回", {1: "once", 2: "twice"}.get(number, f"{number:,} times"))


def yen(number: int) -> Said:
    """Say an amount of money."""
    return Said(f"{number:,}円", f"¥{number:,}")


def times_bought(number: int) -> Said:
    """Say how often a friend bought."""
    if number == 0:
        return Said("購入していません", "not bought")
    return Said(f"{number:,}回購入しています", f"bought {times(number).en}")


def counted(counter: str, one: str, many: str) -> Unit:
    """Return a unit: `counted("人", "friend", "friends")` says 3人 / 3 friends."""
    return lambda number: Said(f"{number:,}{counter}", f"{number:,} {one if number == 1 else many}")


def span(at_least: int | None, at_most: int | None, unit: Unit) -> Said:
    """Say a range of numbers, open where a side is None: 2回以上 / at least twice."""
    if at_least is None or at_most is None:
        if at_least is not None:
            return unit(at_least)._replace(ja=f"{unit(at_least).ja}以上", en=f"at least {unit(at_least).en}")
        most = unit(at_most or 0)
        return most if not at_most else Said(f"{most.ja}以下", f"at most {most.en}")
    low, high = unit(at_least), unit(at_most)
    return (
        Said(f"ちょうど{low.ja}", f"exactly {low.en}")
        if at_least == at_most
        else Said(f"{low.ja}以上{high.ja}以下", f"between {low.en} and {high.en}")
    )


def ago(within: int | None, before: int | None) -> Said:
    """Say how long ago something is to be, in days of the shop's calendar; nothing when both are None."""
    match within, before:
        case None, None:
            return NOTHING
        case int(), None:
            return Said(f"{within}日以内", f"within the last {days(within).en}")
        case None, int():
            return Said(f"{before}日以上前", f"at least {days(before).en} ago")
        case _:
            return Said(
                f"{before}日以上前で{within}日以内",
                f"at least {days(before or 0).en} ago and within the last {days(within or 0).en}",
            )


days = counted("日", "day", "days")


def one_of(names: Iterable[str | Said]) -> Said:
    """Say any of some names: 「茶」または「器」 / tea or pots."""
    both = [name if isinstance(name, Said) else Said(name, name) for name in names]
    return Said("または".join(f"「{name.ja}」" for name in both), " or ".join(name.en for name in both))


def all_of(names: Iterable[str]) -> Said:
    """Say all of some names: 「茶」と「器」 / tea and pots."""
    every = list(names)
    return Said("と".join(f"「{name}」" for name in every), " and ".join(every))


def day(when: date) -> Said:
    """Say a day of the calendar."""
    return Said(f"{when.year}年{when.month}月{when.day}日", f"{when.day} {when:%B} {when.year}")


def day_of(moment: datetime | None, zone: tzinfo) -> Said:
    """Say the day of a moment in a zone; a dash for none."""
    return day(moment.astimezone(zone).date()) if moment else Said("—", "—")
