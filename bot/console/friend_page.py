"""One friend's page: who they are, where they stand and why, what is to come and all that happened."""

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.apology_words import outlook_words
from bot.console import (
    coming_views,
    friend_timeline,
    friend_views,
    friend_zones,
    rich_menus_views,
    timeline_reading,
)
from bot.console.access import READERS, requires
from bot.console.friends import blueprint
from bot.console.page import current_shop
from bot.i18n import current_language
from bot.services import current_services
from bot.trust_words import kind_words
from bot.words import reason_words
from scheduler import apologies, apology_outlook, decisions, timeline, trust_ledger
from scheduler.apology_outlook import Outlook
from scheduler.models import Broadcast, Scenario
from scheduler.timeline_entries import Sort
from segments import complaints
from segments.errors import Invalid
from segments.leaves.said import Said
from segments.models import Tag

LEDGER = 30
"""Movements of trust shown."""
ASKABLE = 50
"""Broadcasts and scenarios offered to ask about."""


@blueprint.get("/<int:friend_id>")
@requires(*READERS)
def show(friend_id: int) -> ResponseReturnValue:
    """Show one friend."""
    services, language, shop = current_services(), current_language(), current_shop()
    now, sort = services.clock.now(), _sort()
    mark = timeline.read_mark(request.args.get("after", ""))
    with services.database.reading() as session:
        record = friend_views.record(session, friend_id, shop, now, language)
        page = timeline.page(session, friend_id, [sort] if sort else [], mark)
        shown = {
            "lines": friend_timeline.lines(session, page.entries, shop, language),
            "coming": coming_views.coming(session, friend_id, language),
            "trust": trust_ledger.statement(session, friend_id, now, LEDGER),
            "complained": complaints.of_friend(session, friend_id),
            "no_apology": _no_apology(session, friend_id, language),
            "askable": _askable(session, language),
            "own_menu": rich_menus_views.menu_of_friend(session, friend_id),
            "waits_for_menu": rich_menus_views.waits_for_menu(session, friend_id),
            "tag_names": session.scalars(select(Tag.name).order_by(Tag.name).limit(ASKABLE * 10)).all(),
        }
    return render_template(
        "console/friend.html",
        record=record,
        next=page.next,
        mark=mark,
        sort=sort,
        sorts=friend_timeline.SORTS,
        setters=timeline_reading.SETTERS,
        language=language,
        now=now,
        own_zone=friend_zones.apart(record.friend.timezone, shop, now),
        kind_words=kind_words,
        longest_why=apologies.LONGEST_WHY,
        reason_words=reason_words,
        has_inbox="inbox.show" in current_app.view_functions,
        **shown,
    )


@blueprint.get("/<int:friend_id>/why")
@requires(*READERS)
def why(friend_id: int) -> ResponseReturnValue:
    """Say why the friend got a broadcast or a scenario's messages, or did not."""
    services, language, shop = current_services(), current_language(), current_shop()
    now, about = services.clock.now(), request.args.get("about", "")[:80]
    with services.database.reading() as session:
        record = friend_views.record(session, friend_id, shop, now, language)
        told, apart = _told(session, friend_id, about)
        askable = _askable(session, language)
        decided = decisions.of_friend(session, friend_id, **apart)
    return render_template(
        "console/friend_why.html",
        friend=record.friend,
        about=about,
        told=told,
        askable=askable,
        decided=decided,
        others=bool(apart),
        language=language,
    )


def _no_apology(session: Session, friend_id: int, language: str) -> str:
    """Return why no apology could be sent to the friend; nothing when one could."""
    now = current_services().clock.now()
    outlook = apology_outlook.of_friend(session, friend_id, now, complained=False)
    return "" if outlook is Outlook.COMING else outlook_words(outlook, language)


def _told(session: Session, friend_id: int, about: str) -> tuple[list[Said], dict[str, int]]:
    """Return what is told of what was asked about, and which decisions it tells already."""
    kind, _, key = about.partition(":")
    now, number = current_services().clock.now(), int(key) if key.isdecimal() and len(key) < 19 else None
    try:
        if kind == "broadcast" and number is not None:
            return decisions.why_broadcast(session, friend_id, number, now), {"but_broadcast": number}
        if kind == "scenario" and key:
            apart = {} if number is None else {"but_scenario": number}
            return decisions.why_scenario(session, friend_id, key, now), apart
    except Invalid:
        # The condition names a tag or segment that is gone: what was decided stands below all the same.
        return [
            Said(
                "条件にある項目が削除されたため、いまの条件では確かめられません。",
                "The condition names something that was deleted, so it cannot be asked any more.",
            )
        ], {}
    return [], {}


def _askable(session: Session, language: str) -> list[tuple[str, str]]:
    """Return what can be asked about, broadcasts first, the newest of each first."""
    broadcasts = session.execute(
        select(Broadcast.id, Broadcast.name).order_by(Broadcast.id.desc()).limit(ASKABLE)
    )
    scenarios = session.execute(
        select(Scenario.id, Scenario.name, Scenario.name_en).order_by(Scenario.id.desc()).limit(ASKABLE)
    )
    return [
        *((f"broadcast:{id_}", name) for id_, name in broadcasts),
        *(
            (f"scenario:{id_}", (english if language == "en" else "") or name)
            for id_, name, english in scenarios
        ),
    ]


def _sort() -> Sort | None:
    given = request.args.get("kind", "")
    return Sort(given) if given in {each.value for each in Sort} else None
