"""Warnings beside a message that was saved: LINE could not be asked, or some of a sample of friends would not get it."""

from collections.abc import Mapping
from typing import Any

from flask import flash
from flask_babel import gettext as _

from bot import tried_words
from bot.i18n import current_language
from bot.services import current_services
from scheduler import sample_renders


def warn_unconfirmed() -> None:
    """Tell on the next page that what was saved is not known to be good."""
    flash(_("LINEに接続できなかったため、文面をLINEで確かめることはできませんでした。"), "warning")


def warn(content: Mapping[str, Any]) -> None:
    """Tell on the next page for how many of all who can be sent to the message cannot be made, and why."""
    services = current_services()
    with services.database.reading() as session:
        tried = sample_renders.try_one(session, content, services.clock.now())
    if sentences := tried_words.told(tried, current_language()):
        flash(tried_words.joined(sentences, current_language()), "warning")
