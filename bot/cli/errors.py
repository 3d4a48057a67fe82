"""Refusals in words outside of any web request."""

from bot.i18n import catalogue
from bot.words import ANY_ERROR, ERRORS
from segments.errors import KokyakuError


def words_of(error: KokyakuError, language: str) -> str:
    """Return a refusal in words of `language`."""
    translate = catalogue(language).ugettext
    try:
        return translate(ERRORS[error.code]) % error.params
    except KeyError:
        return translate(ANY_ERROR) % {"code": str(error)}
