"""The languages of what we show: Japanese is what the source says, English is a catalogue beside it."""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, has_request_context, request, session
from flask_babel import Babel, Domain, get_locale

from bot.services import current_services

LANGUAGES = {"ja": "日本語", "en": "English"}
SOURCE_LANGUAGE = "ja"
CATALOGUES = Path(__file__).parent / "translations"


def N_(text: str) -> str:  # noqa: N802 — the name that Babel's extractor looks for
    """Mark a text for translation where it stands; it is translated when it is shown."""
    return text


@cache
def catalogue(language: str) -> NullTranslations:
    """Return the translations into `language`.

    The .po text is read as it is: a fresh clone has nothing to compile and nothing can be stale.
    """
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    compiled = BytesIO()
    if language == SOURCE_LANGUAGE or not path.exists():
        return Translations()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


class SourceDomain(Domain):
    """Hands Flask-Babel our catalogues instead of compiled files."""

    def get_translations(self) -> NullTranslations:
        """Return the translations into the language of this request."""
        return catalogue(current_language())


def current_language() -> str:
    """Return the language to answer in: `ja` or `en`."""
    locale = get_locale()
    return locale.language if locale else SOURCE_LANGUAGE


def _choose() -> str:
    if not has_request_context():
        return current_services().settings.language
    if request.path.startswith("/api/"):
        return request.accept_languages.best_match(list(LANGUAGES), SOURCE_LANGUAGE) or SOURCE_LANGUAGE
    chosen = session.get("language")
    return chosen if chosen in LANGUAGES else current_services().settings.language


def register(app: Flask) -> None:
    """Make `_()` in templates and `gettext` in code speak the language of each request."""
    babel = Babel()
    babel.init_app(app, default_locale=SOURCE_LANGUAGE, locale_selector=_choose)
    babel.domain_instance = SourceDomain()
    shared: dict[str, Any] = app.jinja_env.globals
    shared.update(current_language=current_language, languages=LANGUAGES)
