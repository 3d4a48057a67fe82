"""A process that rebuilds a shop in small batches, to be killed: `python -m tests.segments.rebuild_process URL`."""

import sys

from segments.bulk_rebuild import rebuild_all
from segments.db import Database
from tests.fakes.clock import A_SATURDAY

BATCH = 4

if __name__ == "__main__":
    rebuild_all(Database(sys.argv[1]), A_SATURDAY, worth_a_process=0, batch=BATCH)
