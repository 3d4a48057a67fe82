"""A rebuild in a process of its own: how long it takes, and the most memory that it and its children hold together."""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from segments.db import Database

ROOT = Path(__file__).parents[1]
LOOK_EVERY = 0.25
"""Seconds between looks at the memory: each takes some milliseconds of the processor that is measured."""
PAGE = 4096


def rebuild(database: Database) -> tuple[float, float]:
    """Rebuild all that is derived; return seconds, start-up left out, and megabytes."""
    program = [sys.executable, str(ROOT / "benchmarks" / "segment_rebuild.py")]
    url = database.url.render_as_string(hide_password=False)
    process = subprocess.Popen([*program, url], stdout=subprocess.PIPE, text=True)
    most = 0
    while True:
        try:
            told, _ = process.communicate(timeout=LOOK_EVERY)
            break
        except subprocess.TimeoutExpired:
            most = max(most, _resident(process.pid))
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, program)
    return float(told.split()[-1]), most / 1e6


def _resident(root: int) -> int:
    """Return the bytes that a process and its children have in memory."""
    children = defaultdict[int, list[int]](list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _field(entry / "stat", 1)) is not None:
            children[parent].append(int(entry.name))
    family, total = [root], 0
    while family:
        one = family.pop()
        family += children[one]
        total += (_field(Path(f"/proc/{one}/stat"), 21) or 0) * PAGE
    return total


def _field(stat: Path, place: int) -> int | None:
    """Return a number after the process's name (which may hold anything), 0 being its state; None when it has ended."""
    try:
        return int(stat.read_text().rsplit(")", 1)[1].split()[place])
    except (OSError, IndexError):
        return None
