"""Tracked links: named addresses, a token for each friend, and the taps that come back with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from segments import facts_locking, signals
from segments.errors import Conflict, Invalid, NotFound
from segments.link_tokens import Tapped
from segments.models import Link, LinkTap
from segments.upsert import insert_ignore

NAME_LIMIT, URL_LIMIT = 64, 900
"""Characters. LINE takes addresses of at most 1,000."""
SCHEMES = ("https", "http")
ONE_TAP = timedelta(seconds=5)
"""Taps this close together are one: a finger that bounced, or a browser that asked twice."""


class Target(NamedTuple):
    """Where a link leads, as messages need it."""

    id: int
    url: str


@dataclass(frozen=True)
class Tally:
    """One link and how it was tapped."""

    name: str
    url: str
    taps: int
    friends: int
    last_at: datetime | None


def register(session: Session, name: str, url: str, now: datetime, *, change: bool = False) -> Link:
    """Give an address a name; the same again changes nothing, another address only with `change`.

    Taps that were counted stay with the name. Raises Invalid (link_name_invalid, link_url_invalid) or
    Conflict (link_url_differs with name, stored, given).
    """
    name, url = _checked_name(name), _checked_url(url)
    insert_ignore(session, Link, [{"name": name, "url": url, "created_at": now}])
    link = session.scalars(select(Link).where(Link.name == name).with_for_update()).one()
    if link.url != url:
        if not change:
            raise Conflict("link_url_differs", name=name, stored=link.url, given=url)
        link.url = url
        session.flush()
    return link


def targets(session: Session) -> dict[str, Target]:
    """Return every link by its name."""
    rows = session.execute(select(Link.name, Link.id, Link.url))
    return {name: Target(link_id, url) for name, link_id, url in rows}


def url_of(session: Session, link_id: int) -> str:
    """Return where a link leads; raises NotFound("link_unknown")."""
    url = session.scalar(select(Link.url).where(Link.id == link_id))
    if url is None:
        raise NotFound("link_unknown", link_id=link_id)
    return url


def tap(session: Session, tapped: Tapped, at: datetime) -> bool:
    """Count a tap; tell whether it counted. A second one within five seconds does not, nor a stranger's."""
    name = session.scalar(select(Link.name).where(Link.id == tapped.link_id))
    # Locked first: of two taps at once the second sees the first.
    if name is None or not facts_locking.lock(session, [tapped.friend_id]):
        return False
    friend = tapped.friend_id
    same = LinkTap.friend_id == friend, LinkTap.link_id == tapped.link_id, LinkTap.at > at - ONE_TAP
    if session.scalar(select(LinkTap.id).where(*same).limit(1)) is not None:
        return False
    session.add(LinkTap(link_id=tapped.link_id, friend_id=friend, delivery_id=tapped.delivery_id, at=at))
    details = {"link": name, "link_id": tapped.link_id, "delivery_id": tapped.delivery_id}
    signals.tapped(session, friend, at, **{key: value for key, value in details.items() if value is not None})
    return True


def tallies(session: Session) -> Sequence[Tally]:
    """Return every link with its taps, by name."""
    counted = func.count(LinkTap.id), func.count(distinct(LinkTap.friend_id)), func.max(LinkTap.at)
    query = select(Link.name, Link.url, *counted).outerjoin(LinkTap).group_by(Link.id).order_by(Link.name)
    return [Tally(*row) for row in session.execute(query)]


def taps_of(session: Session, name: str, limit: int = 1000) -> Sequence[LinkTap]:
    """Return a link's taps, the newest first; raises NotFound("link_name_unknown")."""
    link_id = session.scalar(select(Link.id).where(Link.name == name))
    if link_id is None:
        raise NotFound("link_name_unknown", name=name)
    newest = select(LinkTap).where(LinkTap.link_id == link_id).order_by(LinkTap.at.desc(), LinkTap.id.desc())
    return session.scalars(newest.limit(limit)).all()


def _checked_name(name: str) -> str:
    name = name.strip()
    # Names stand between quotes in messages; the wide blank of Japanese is fine between words.
    printable = name.replace("\u3000", " ").isprintable()
    if not 0 < len(name) <= NAME_LIMIT or not printable or set(name) & set("\"'{}\\"):
        raise Invalid("link_name_invalid", limit=NAME_LIMIT)
    return name


def _checked_url(url: str) -> str:
    url = url.strip()
    try:
        parts = urlsplit(url)
        host = parts.hostname
        # Reading the port is what finds a wrong one.
        strange = parts.port == 0 or parts.username is not None or parts.password is not None
    except ValueError:
        host, strange = None, True
    plain = url.isprintable() and not set(url) & set(' \\<>"')
    if strange or not host or not plain or len(url) > URL_LIMIT or not url.lower().startswith(_STARTS):
        raise Invalid("link_url_invalid", url=url[:100])
    return url


_STARTS = tuple(f"{scheme}://" for scheme in SCHEMES)
