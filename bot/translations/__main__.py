"""`python -m bot.translations`: bring the English catalogue in step and list what waits for a translation."""

import sys

from bot.translations.extraction import bring_in_step

if __name__ == "__main__":
    missing = bring_in_step("en")
    sys.stdout.write("".join(f"{text}\n" for text in missing))
    sys.exit(1 if missing else 0)
