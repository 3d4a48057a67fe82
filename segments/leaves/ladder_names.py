"""What the ladders and their rungs are called inside a sentence."""

from collections.abc import Mapping

from segments.ladder_rules import LadderName as Ladder
from segments.ladder_words import RUNG_NAMES
from segments.leaves.said import Said

LADDERS: Mapping[Ladder, Said] = {
    Ladder.PYRAMID: Said("顧客ステージ", "customer stage"),
    Ladder.GROWTH: Said("成長段階", "growth stage"),
    Ladder.CLASS: Said("顧客分類", "customer class"),
    Ladder.STATUS: Said("購買状況", "purchase status"),
}


def rung_name(rung: str, ladder: Ladder) -> Said:
    """Return what a rung is called; a name that is no longer used is given back as it is, none at all as `none`."""
    names = RUNG_NAMES[ladder].get(rung)
    return Said(*names) if names else Said(rung or "なし", rung or "none")


def standing(rungs: list[str], ladder: Ladder) -> Said:
    """Say that somebody stands on one of some rungs: 顧客ステージが「見込み」または「既存」."""
    names = [rung_name(each, ladder) for each in rungs]
    japanese = "または".join(f"「{each.ja}」" for each in names)
    english = " or ".join(each.en for each in names)
    return Said(f"{LADDERS[ladder].ja}が{japanese}", f"{LADDERS[ladder].en} is {english}")
