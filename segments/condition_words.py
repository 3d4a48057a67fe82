"""Says any condition in Japanese and English."""

from segments.conditions import All, AnyOf, Condition, InSegment, NoneOf
from segments.leaves.context import NOTHING_KNOWN, Known
from segments.leaves.said import Said

EVERYONE = Said("すべての友だち", "everyone")
NOBODY = Said("だれもあてはまらない", "nobody")


def words(condition: Condition, language: str, known: Known = NOTHING_KNOWN) -> str:
    """Say a condition in `language`; with names in `known` (condition_known.names) goods are called by them."""
    return said(condition, known).of(language)


def said(condition: Condition, known: Known) -> Said:
    """Say a condition in both languages."""
    if isinstance(condition, InSegment):
        name = known.name("segment", condition.segment_id)
        return Said(f"セグメント「{name}」に入っている", f"is in the segment {name}")
    if not isinstance(condition, All | AnyOf | NoneOf):
        return condition.words(known)
    parts = [_inside(each, known) for each in condition.of]
    match condition:
        case All():
            return _joined(parts, "、かつ", " and ") if parts else EVERYONE
        case AnyOf():
            return _joined(parts, "、または", " or ") if parts else NOBODY
        case NoneOf():
            either = _joined(parts, "、または", " or ")
            return Said(f"「{either.ja}」にあてはまらない", f"not ({either.en})") if parts else EVERYONE


def _inside(condition: Condition, known: Known) -> Said:
    whole = said(condition, known)
    # Brackets only where several parts would run into those around them.
    several = isinstance(condition, All | AnyOf) and len(condition.of) > 1
    return Said(f"（{whole.ja}）", f"({whole.en})") if several else whole


def _joined(parts: list[Said], ja: str, en: str) -> Said:
    return Said(ja.join(each.ja for each in parts), en.join(each.en for each in parts))
