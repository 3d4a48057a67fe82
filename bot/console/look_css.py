"""Colours and lengths of a message as class names, and the style sheet that gives those classes their meaning.

Pages may carry no style of their own (Content-Security-Policy), yet a Flex message may have any colour and any
width. So each is named by a class, `c_1a7f4b` or `w_120`, and the page links a style sheet of our own address that
is made of exactly those names: nothing but hexadecimal colours and numbers passes.
"""

import re
from collections.abc import Callable, Iterable

COLOUR = re.compile(r"#([0-9A-Fa-f]{8}|[0-9A-Fa-f]{6})")
LENGTH = re.compile(r"(-?)(\d{1,4}(?:\.\d{1,2})?)(px|%)?")
_NAME = re.compile(r"([a-z]{1,2})_([0-9a-z]{1,40})")
_HEX = re.compile(r"[0-9a-f]{6}(?:[0-9a-f]{2})?")
_NUMBER = re.compile(r"(n?)(\d{1,4})(?:d(\d{1,2}))?(p?)")
_RATIO = re.compile(r"(\d{1,6}(?:d\d{1,4})?)x(\d{1,6}(?:d\d{1,4})?)")
_GRADIENT = re.compile(r"(\d{1,3})z([0-9a-f]{6,8})z([0-9a-f]{6,8})")
MOST = 600
"""Names one style sheet is made of at most."""


def colour(prefix: str, value: object) -> str:
    """Return the class of a colour, "" for what is none."""
    found = COLOUR.fullmatch(str(value or ""))
    return f"{prefix}_{found[1].lower()}" if found else ""


def length(prefix: str, value: object) -> str:
    """Return the class of a length (`12px`, `50%`), "" for what is none."""
    found = LENGTH.fullmatch(str(value or ""))
    if not found:
        return ""
    return f"{prefix}_{'n' if found[1] else ''}{found[2].replace('.', 'd')}{'p' if found[3] == '%' else ''}"


def ratio(value: object) -> str:
    """Return the class of an aspect ratio (`20:13`), "" for what is none."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,4})?):(\d{1,6}(?:\.\d{1,4})?)", str(value or ""))
    return f"ar_{found[1].replace('.', 'd')}x{found[2].replace('.', 'd')}" if found else ""


def gradient(angle: object, start: object, end: object) -> str:
    """Return the class of a gradient between two colours, "" for what is none."""
    degrees = re.fullmatch(r"(\d{1,3})(?:\.\d+)?deg", str(angle or ""))
    ends = [found[1].lower() for each in (start, end) if (found := COLOUR.fullmatch(str(each or "")))]
    return f"gr_{degrees[1]}z{ends[0]}z{ends[1]}" if degrees and len(ends) == 2 else ""


def sheet(names: Iterable[str]) -> str:
    """Return the style sheet of these class names; a name that means nothing is left out."""
    rules = (_rule(name) for name in sorted(set(names))[:MOST])
    return "\n".join(rule for rule in rules if rule)


def _rule(name: str) -> str:
    parts = _NAME.fullmatch(name)
    make = _MAKERS.get(parts[1]) if parts else None
    said = make(parts[2]) if make and parts else ""
    return f".lp .{name} {{ {said} }}" if said else ""


def _colours(*properties: str) -> Callable[[str], str]:
    return lambda value: (
        "; ".join(f"{each}: #{value}" for each in properties) if _HEX.fullmatch(value) else ""
    )


def _lengths(*properties: str) -> Callable[[str], str]:
    def make(value: str) -> str:
        found = _NUMBER.fullmatch(value)
        if not found:
            return ""
        number = f"{'-' if found[1] else ''}{found[2]}{'.' + found[3] if found[3] else ''}"
        return "; ".join(f"{each}: {number}{'%' if found[4] else 'px'}" for each in properties)

    return make


def _grow(value: str) -> str:
    return f"flex: {value} 1 0" if re.fullmatch(r"\d{1,3}", value) else ""


def _clamp(value: str) -> str:
    return f"-webkit-line-clamp: {value}; line-clamp: {value}" if re.fullmatch(r"\d{1,3}", value) else ""


def _aspect(value: str) -> str:
    found = _RATIO.fullmatch(value)
    return f"aspect-ratio: {found[1]} / {found[2]}".replace("d", ".") if found else ""


def _blend(value: str) -> str:
    found = _GRADIENT.fullmatch(value)
    return f"background-image: linear-gradient({found[1]}deg, #{found[2]}, #{found[3]})" if found else ""


_MAKERS: dict[str, Callable[[str], str]] = {
    "c": _colours("color"),
    "bg": _colours("background-color"),
    "bc": _colours("border-color"),
    "fs": _lengths("font-size"),
    "mt": _lengths("margin-top"),
    "ml": _lengths("margin-left"),
    "pa": _lengths("padding"),
    "pt": _lengths("padding-top"),
    "pr": _lengths("padding-right"),
    "pb": _lengths("padding-bottom"),
    "pl": _lengths("padding-left"),
    "w": _lengths("width", "flex-basis"),
    "h": _lengths("height"),
    "mw": _lengths("max-width"),
    "mh": _lengths("max-height"),
    "br": _lengths("border-radius"),
    "bw": _lengths("border-width"),
    "ls": _lengths("--line-space"),
    "ot": _lengths("top"),
    "ob": _lengths("bottom"),
    "ol": _lengths("left"),
    "or": _lengths("right"),
    "fg": _grow,
    "lc": _clamp,
    "ar": _aspect,
    "gr": _blend,
}
