"""How a process of ours behaves on a machine that it shares: behind the web, and holding on to little memory."""

import ctypes
import os

BEHIND_THE_WEB = 10
"""How much a worker stands back for others (nice)."""
ARENAS = 2
_M_ARENA_MAX = -8
"""Of glibc's malloc.h."""


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
