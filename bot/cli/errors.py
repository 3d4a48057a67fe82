"""How the command line says that something is wrong: one sentence, no traceback."""

from typing import Any

import click

from bot.i18n import catalogue
from bot.words import ANY_ERROR, ERRORS
from segments.errors import KokyakuError


class TellingGroup(click.Group):
    """Turns refusals into sentences in the operator's language."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a refusal ends it with status 1 and its reason."""
        try:
            return super().invoke(ctx)
        except KokyakuError as error:
            raise click.ClickException(words_of(error, ctx.obj.settings.language)) from error


def words_of(error: KokyakuError, language: str) -> str:
    """Return a refusal in words of `language`, outside of any request."""
    translate = catalogue(language).ugettext
    try:
        return translate(ERRORS[error.code]) % error.params
    except KeyError:
        return translate(ANY_ERROR) % {"code": str(error)}
