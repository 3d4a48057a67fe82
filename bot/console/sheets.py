"""Tables as files for a spreadsheet: UTF-8 with its mark for Excel, and no cell that a spreadsheet would run."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Any

from flask import Response, stream_with_context

from segments.imports import harmless


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """Answer with a CSV that is written while it is sent."""
    answer = Response(stream_with_context(_lines(header, rows)), mimetype="text/csv; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
    return answer


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    out = StringIO()
    writer = csv.writer(out)
    out.write("\ufeff")
    writer.writerow([_bare(cell) for cell in header])
    for row in rows:
        writer.writerow([_bare(cell) for cell in row])
        if out.tell() > 1 << 16:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def _bare(cell: Any) -> Any:
    match cell:
        case None:
            return ""
        case float():
            return round(cell, 6)
        case str():
            return harmless(cell)
        case _:
            return cell
