"""How a long-running process of ours behaves: behind the web, holding on to little memory, seldom looking for rubbish."""

import ctypes
import gc
import os

BEHIND_THE_WEB = 10
"""How much a worker stands back for others (nice)."""
ARENAS = 2
_M_ARENA_MAX = -8
"""Of glibc's malloc.h."""
NEW_OBJECTS = 10_000
"""Objects that are new before Python looks among them for rubbish; 700 unless told."""


def stand_back() -> None:
    """Leave the processor to the web when both share a machine: LINE waits for its answer, a campaign does not."""
    if hasattr(os, "nice"):
        os.nice(BEHIND_THE_WEB)


def share_arenas() -> None:
    """Let threads share two heaps; to be called before the first of them starts.

    glibc would give each thread its own, in which what a chunk of a campaign once took stays: 80 MB more after a
    million friends. Other C libraries have nothing to set.
    """
    try:
        tune = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    tune(_M_ARENA_MAX, ARENAS)


def collect_seldom() -> None:
    """Let Python look for rubbish seldom, and never through what is there now; to be called when all is loaded.

    Most of what we make is freed by its last user at once. Looking again and again through what a program consists
    of took a quarter of the processor while pushes were sent.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
