"""How long-running processes behave; each in a process of its own, for it is the process that is changed."""

import subprocess
import sys

from tests.processes import ROOT

SEES = """
import gc
from bot.process_manners import NEW_OBJECTS, collect_seldom
collect_seldom()
class Ring: pass
before = len(gc.get_objects())
ring = Ring()
ring.itself = ring
del ring
print(gc.get_freeze_count() > 1000, before < 1000, gc.get_threshold()[0] == NEW_OBJECTS, gc.isenabled(), gc.collect() > 0)
"""


def test_what_is_loaded_is_never_looked_through_again_and_new_rubbish_still_goes() -> None:
    said = subprocess.run(  # noqa: S603 — our own program
        [sys.executable, "-c", SEES], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert said.stdout.split() == ["True"] * 5
