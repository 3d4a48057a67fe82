"""What a LINE message says, as mail can say it: a subject, paragraphs, links and pictures.

Buttons that open a page become links. What only works inside LINE (postbacks, quick replies, stickers) is left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

LONGEST_SUBJECT = 60
"""Letters; phones show some thirty of them."""
_LINKS = re.compile(r"(?:https?://|tel:|mailto:)\S+", re.IGNORECASE)
_PICTURES = re.compile(r"https://\S+", re.IGNORECASE)


class BlockKind(StrEnum):
    """What a part of a mail is."""

    TEXT = "text"
    LINK = "link"
    PICTURE = "picture"


@dataclass(frozen=True)
class Block:
    """One part of a mail: words, and the address of a link or picture."""

    kind: BlockKind
    words: str
    address: str = ""


@dataclass(frozen=True)
class MailContent:
    """What one mail says."""

    subject: str
    blocks: tuple[Block, ...]

    @property
    def says_something(self) -> bool:
        """Whether there is a word in it."""
        return any(block.words for block in self.blocks if block.kind is not BlockKind.PICTURE)


def content_of(messages: Sequence[Mapping[str, Any]]) -> MailContent:
    """Return what rendered message objects say."""
    blocks = tuple(block for message in messages for block in _of_message(message))
    return MailContent(_subject(messages, blocks), blocks)


def _subject(messages: Sequence[Mapping[str, Any]], blocks: Sequence[Block]) -> str:
    titles = [str(message["altText"]) for message in messages if message.get("altText")]
    words = titles or [block.words for block in blocks if block.kind is BlockKind.TEXT] or [""]
    first = words[0].strip().splitlines() or [""]
    line = " ".join(first[0].split())
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1] + "…"


def _of_message(message: Mapping[str, Any]) -> Iterator[Block]:
    match message.get("type"):
        case "text" | "textV2":
            yield from _text(message.get("text"))
        case "image":
            yield from _picture(message.get("originalContentUrl"), "")
        case "flex":
            yield from _component(message.get("contents"))
        case "template":
            yield from _template(message.get("template"))
        case "imagemap":
            yield from _text(message.get("altText"))
            yield from _actions(message.get("actions"))
        case "video" | "audio":
            yield from _link(message.get("originalContentUrl"), "")
        case _:
            yield from _text(message.get("altText"))


def _component(node: Any) -> Iterator[Block]:
    """Walk through bubbles and boxes in the order in which a phone shows them."""
    if not isinstance(node, dict):
        return
    component = cast("dict[str, Any]", node)
    match component.get("type"):
        case "text":
            spans = [str(span.get("text", "")) for span in _listed(component.get("contents"))]
            yield from _text("".join(spans) or component.get("text"))
        case "button":
            yield from _action(component.get("action"))
            return
        case "image" | "video":
            yield from _picture(component.get("url"), str(component.get("altText", "")))
        case _:
            pass
    for part in ("header", "hero", "body", "footer"):
        yield from _component(component.get(part))
    if component.get("type") != "text":
        for child in _listed(component.get("contents")):
            yield from _component(child)
    yield from _action(component.get("action"))


def _template(node: Any) -> Iterator[Block]:
    if not isinstance(node, dict):
        return
    template = cast("dict[str, Any]", node)
    yield from _picture(template.get("thumbnailImageUrl") or template.get("imageUrl"), "")
    for words in ("title", "text"):
        yield from _text(template.get(words))
    yield from _actions(template.get("actions"))
    yield from _action(template.get("action"))
    for column in _listed(template.get("columns")):
        yield from _template(column)


def _actions(given: Any) -> Iterator[Block]:
    for action in _listed(given):
        yield from _action(action)


def _action(given: Any) -> Iterator[Block]:
    if isinstance(given, dict):
        action = cast("dict[str, Any]", given)
        yield from _link(action.get("uri") or action.get("linkUri"), str(action.get("label") or ""))


def _link(address: Any, words: str) -> Iterator[Block]:
    if isinstance(address, str) and _LINKS.fullmatch(address):
        yield Block(BlockKind.LINK, words or address, address)


def _picture(address: Any, words: str) -> Iterator[Block]:
    if isinstance(address, str) and _PICTURES.fullmatch(address):
        yield Block(BlockKind.PICTURE, words, address)


def _text(given: Any) -> Iterator[Block]:
    if isinstance(given, str) and given.strip():
        yield Block(BlockKind.TEXT, given.strip())


def _listed(given: Any) -> list[dict[str, Any]]:
    if not isinstance(given, list):
        return []
    return [cast("dict[str, Any]", each) for each in cast("list[Any]", given) if isinstance(each, dict)]
