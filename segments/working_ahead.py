"""Has other processes prepare what the one writer of an SQLite file writes: parts that are asked for one after another.

Each part is asked for at a version of the file. While that is still its version nobody else has written since, and
what was prepared by it may be written as it is.
"""

import signal
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy.orm import Session

log = structlog.get_logger(__name__)

IN_FLIGHT = 2
"""Parts asked for at once: one is prepared while another is written."""
CONTEXT = get_context("spawn")
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class _Died:
    """The last that a process tells that could not go on."""

    error: str


class Parts(Generic[Part]):
    """What another process prepares, in order."""

    def __init__(self, told: Connection) -> None:
        self._told = told
        self._asked = deque[int | None]()

    def ask(self, version: int | None, which: Any = None) -> None:
        """Ask for the next part, or for the one named, to be prepared by the file as it is at `version` or later."""
        self._asked.append(version)
        with suppress(OSError):  # who has died is told of by `told`
            self._told.send(which)

    def told(self) -> tuple[Part, int | None] | None:
        """Return the next part and the version it was asked for at; None at the end, or when the process died.

        What is missing then is for the caller to do alone.
        """
        told: Part | None = heard(self._told)
        return None if told is None else (told, self._asked.popleft())


def heard(told: Connection) -> Any:
    """Return what another process tells next; None when it died, after a word of it in the log."""
    try:
        said = told.recv()
    except (EOFError, OSError) as error:
        said = _Died(type(error).__name__)
    if isinstance(said, _Died):
        log.warning("helping_process_died", error=said.error, consequence="the work goes on without it")
        return None
    return said


def version(session: Session) -> int | None:
    """Return a number that changes when another connection writes to the SQLite file."""
    return session.connection().exec_driver_sql("PRAGMA data_version").scalar()


@contextmanager
def running(*works: tuple[Callable[..., None], Sequence[Any]], ends: Sequence[Connection]) -> Generator[None]:
    """Run functions with their arguments, each in a process of its own, ended at the end; `ends` are theirs alone."""
    processes = [
        CONTEXT.Process(target=work, args=tuple(given), name=f"kokyaku{work.__name__}", daemon=True)
        for work, given in works
    ]
    for process in processes:
        process.start()
    for end in ends:
        end.close()
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.join()


def tell(told: Connection, parts: Callable[[Callable[[], Any]], Generator[Any]]) -> None:
    """Tell each of the parts; `parts` is given what waits until the next one is asked for."""

    def work() -> None:
        for part in parts(told.recv):
            told.send(part)
        told.send(None)

    undisturbed(work, told)


def undisturbed(work: Callable[[], None], told: Connection | None = None) -> None:
    """Work; say by a word why it could not be ended, where there is somebody to tell: whoever asked can do without."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for who asked, who ends this process
    try:
        work()
    except Exception as error:  # noqa: BLE001 — whatever it is, the other goes on alone
        with suppress(OSError):
            if told is not None:
                told.send(_Died(type(error).__name__))
