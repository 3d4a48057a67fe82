"""Writes the refused lines of an import as a CSV that a spreadsheet opens without running anything."""

import csv
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from segments.imports.words import reason_words
from segments.models import RefusedLine

_HEADER = {"ja": ("行番号", "理由", "コード"), "en": ("line", "reason", "code")}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def refused_lines(
    session: Session, run_id: int, language: str, zone: ZoneInfo
) -> Iterator[tuple[int, str, str]]:
    """Give line number, reason in words and code of every refused line, in the order of the file."""
    query = (
        select(RefusedLine.line_number, RefusedLine.code, RefusedLine.params)
        .where(RefusedLine.import_run_id == run_id)
        .order_by(RefusedLine.line_number, RefusedLine.id)
        .execution_options(yield_per=1000)
    )
    for line_number, code, params in session.execute(query):
        yield line_number, reason_words(code, params, language, zone), code


def write_refusals(session: Session, run_id: int, path: Path, language: str, zone: ZoneInfo) -> int:
    """Write the refused lines of a run to `path` (UTF-8 with BOM, for Excel); return how many."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER.get(language, _HEADER["en"]))
        for line_number, reason, code in refused_lines(session, run_id, language, zone):
            writer.writerow((line_number, harmless(reason), code))
            count += 1
    return count
