"""Finds out how a file's bytes spell its text, before a line of it is read."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from segments.errors import Invalid

CHUNK = 1 << 20
GUESSES = ("utf-8-sig", "cp932")
_JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class _Trial:
    """How far an encoding got: None, or the position of the first byte it cannot read."""

    failed_at: int | None
    saw_japanese: bool


def encoding_of(path: Path, wanted: str | None) -> str:
    """Return the encoding to open `path` with; raise Invalid when there is none.

    Codes: file_missing, csv_empty, encoding_unknown (encoding), nul_byte (position),
    encoding_wrong (encoding, position counted from 0, suggestion or "").
    """
    _check_bytes(path, wanted)
    if wanted is not None:
        return _checked(path, wanted)
    utf8 = _try(path, "utf-8-sig")
    if utf8.failed_at is None:
        return "utf-8-sig"
    # Japanese read well before the bad byte: a UTF-8 file with a broken spot, not one in cp932.
    if not utf8.saw_japanese and _try(path, "cp932").failed_at is None:
        return "cp932"
    raise Invalid("encoding_wrong", encoding="UTF-8", position=utf8.failed_at, suggestion="")


def _checked(path: Path, wanted: str) -> str:
    try:
        name = codecs.lookup(wanted).name
    except LookupError as error:
        raise Invalid("encoding_unknown", encoding=wanted) from error
    name = {"utf-8": "utf-8-sig", "shift_jis": "cp932"}.get(name, name)
    trial = _try(path, name)
    if trial.failed_at is None:
        return name
    suggestion = next(
        (guess for guess in GUESSES if guess != name and _try(path, guess).failed_at is None), ""
    )
    raise Invalid("encoding_wrong", encoding=wanted, position=trial.failed_at, suggestion=suggestion)


def _check_bytes(path: Path, wanted: str | None) -> None:
    if not path.is_file():
        raise Invalid("file_missing", path=str(path))
    if path.stat().st_size == 0:
        raise Invalid("csv_empty")
    wide = wanted is not None and wanted.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
    for offset, chunk in _chunks(path):
        if offset == 0 and chunk.startswith(_UTF16) and not wide:
            raise Invalid("encoding_wrong", encoding=wanted or "UTF-8", position=0, suggestion="utf-16")
        if not wide and (at := chunk.find(b"\0")) >= 0:
            raise Invalid("nul_byte", position=offset + at)


def _chunks(path: Path) -> Iterator[tuple[int, bytes]]:
    offset = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield offset, chunk
            offset += len(chunk)


def _try(path: Path, encoding: str) -> _Trial:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    saw_japanese, kept, size = False, 0, path.stat().st_size
    for offset, chunk in _chunks(path):
        try:
            text = decoder.decode(chunk, final=offset + len(chunk) >= size)
        except UnicodeDecodeError as error:
            # The decoder may have held back the first bytes of a character cut by the chunk.
            before = error.object[: error.start].decode(encoding, "ignore")
            return _Trial(offset - kept + error.start, saw_japanese or bool(_JAPANESE.search(before)))
        kept = len(decoder.getstate()[0])
        saw_japanese = saw_japanese or bool(_JAPANESE.search(text))
    return _Trial(None, saw_japanese)
