"""Finds every text of the source that is shown to people, and brings the catalogue in step with it."""

from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[2]
METHODS = [
    ("bot/**.py", "python"),
    ("templates/console/**.html", "jinja2"),
    ("templates/public/**.html", "jinja2"),
]
KEYWORDS = DEFAULT_KEYWORDS | {"_l": None}


@cache
def source_texts(root: Path = ROOT) -> tuple[str, ...]:
    """Return every text marked with `_()`, `_l()` or `N_()` in Python and templates."""
    found: set[str] = set()
    for folder in ("bot", "templates"):
        methods = [
            (pattern.removeprefix(f"{folder}/"), method)
            for pattern, method in METHODS
            if pattern.startswith(folder)
        ]
        for _name, _line, text, _comments, _context in extract_from_dir(
            root / folder, methods, keywords=KEYWORDS
        ):
            found.add(text if isinstance(text, str) else text[0])
    return tuple(sorted(found))


def path_of(language: str) -> Path:
    """Return where a language's catalogue stands."""
    return Path(__file__).parent / language / "LC_MESSAGES" / "messages.po"


def stored(language: str) -> dict[str, str]:
    """Return the translations of a catalogue by source text."""
    with path_of(language).open("rb") as file:
        return {str(each.id): str(each.string) for each in read_po(file, locale=language) if each.id}


def bring_in_step(language: str) -> list[str]:
    """Add what is new to the catalogue with an empty translation, drop what is gone; return what is untranslated."""
    known, texts = stored(language), source_texts()
    catalogue = Catalog(locale=language, project="Kokyaku", version="1", fuzzy=False, header_comment=HEADER)
    for text in texts:
        catalogue.add(text, known.get(text, ""))
    with path_of(language).open("wb") as file:
        write_po(file, catalogue, width=200, sort_output=True)
    return [text for text in texts if not known.get(text)]


HEADER = (
    "# English words of Kokyaku. The source text is Japanese; `python -m bot.translations` adds what is new."
)
