"""Links friends to the menu that is theirs: compares what they are to see with what LINE was told, and tells the rest.

Nothing of it is remembered but what LINE was told: after a crash the comparison finds what is left to do.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from bot.line import menu_targets
from bot.line.ports import RichMenuGateway
from bot.models import MenuLink, RetiredMenu
from scheduler.gateway import GatewayError, RefusedByLine
from scheduler.jobs import Job, JobQueue
from segments.clock import Clock
from segments.db import Database
from segments.models import Facts, Friend, Setting, StageChange
from segments.upsert import insert_ignore

log = structlog.get_logger(__name__)

TOGETHER = 500
"""Friends in one request to LINE."""
SETTING = "rich_menu_links"
"""Up to which move on the ladders the menus follow, and how often all friends were to be compared."""
OVERLAP = 2000
"""Moves looked at again: on PostgreSQL a lower number may be committed after a higher one."""
LOOKS_AGAIN = timedelta(minutes=11)
"""Twice the time from one look to the next."""


@dataclass(frozen=True)
class _Due:
    """A friend whose menu on LINE is not the one they are to see."""

    friend_id: int
    line_user_id: str
    wanted: str | None


def notice(session: Session, queue: JobQueue, now: datetime) -> bool:
    """Enqueue the linking of friends who moved since the last look; tell whether there were moves."""
    newest = session.scalar(select(func.max(StageChange.id))) or 0
    cursor = _cursor(session)
    if newest <= cursor.get("moves", 0):
        return False
    since = max(0, cursor.get("moves", 0) - OVERLAP)
    _keep(session, cursor | {"moves": newest}, now)
    if not is_used(session):
        return False
    queue.enqueue(session, Job.LINK_MENUS, f"link_menus-{newest}", since)
    return True


def compare_all(session: Session, queue: JobQueue, now: datetime) -> None:
    """Enqueue a comparison of all friends: a menu was published or taken back, or the night has come."""
    cursor = _cursor(session)
    round_ = cursor.get("rounds", 0) + 1
    _keep(session, cursor | {"rounds": round_}, now)
    queue.enqueue(session, Job.LINK_MENUS, f"link_menus-all-{round_}", None)


def look_again(session: Session, queue: JobQueue, now: datetime) -> None:
    """Enqueue a comparison when one is due that no move announces: tags come off without a word, friends come back."""
    for_tags = any(each.key.startswith(menu_targets.TAG) for each in menu_targets.showings(session))
    back = select(MenuLink.friend_id).where(
        MenuLink.line_rich_menu_id.is_(None), MenuLink.linked_at > now - LOOKS_AGAIN
    )
    if for_tags or session.scalars(back.limit(1)).first() is not None:
        compare_all(session, queue, now)


def is_used(session: Session) -> bool:
    """Tell whether any friend sees, or is to see, another menu than the default one."""
    return bool(menu_targets.showings(session)) or _anybody_linked(session)


def forget(session: Session, friend_ids: Collection[int], now: datetime) -> None:
    """Take note that friends came back from a block: what LINE showed them before is not known."""
    if friend_ids:
        theirs = update(MenuLink).where(MenuLink.friend_id.in_(friend_ids))
        session.execute(theirs.values(line_rich_menu_id=None, refused=False, linked_at=now))


def link_due(
    database: Database,
    gateway: RichMenuGateway,
    clock: Clock,
    since: int | None,
) -> int:
    """Link whoever moved after the move numbered `since`, or (None) everybody, whose menu is not theirs; return how many.

    Raises GatewayError when LINE cannot be reached: the job runs again. No transaction is open while LINE is called.
    """
    linked, after = 0, 0
    while True:
        with database.reading() as session:
            due = _due(session, since, after)
        if not due:
            break
        for wanted, some in _by_menu(due).items():
            linked += _link(database, gateway, wanted, some, clock.now())
        after = due[-1].friend_id
    _delete_retired(database, gateway)
    return linked


def _due(session: Session, since: int | None, after: int) -> list[_Due]:
    wanted = menu_targets.wanted(menu_targets.showings(session))
    told = func.coalesce(MenuLink.line_rich_menu_id, "")
    rows = (
        select(Friend.id, Friend.line_user_id, wanted.label("wanted"))
        .join(Facts, Facts.friend_id == Friend.id)
        .outerjoin(MenuLink, MenuLink.friend_id == Friend.id)
        .where(Friend.id > after, menu_targets.reachable(), _differs(wanted, told))
        .order_by(Friend.id)
        .limit(TOGETHER)
    )
    if since is not None:
        rows = rows.where(Friend.id.in_(select(StageChange.friend_id).where(StageChange.id > since)))
    return [_Due(friend_id, user_id, menu) for friend_id, user_id, menu in session.execute(rows) if user_id]


def _differs(wanted: ColumnElement[str | None], told: ColumnElement[str]) -> ColumnElement[bool]:
    return func.coalesce(wanted, "") != told


def _by_menu(due: Sequence[_Due]) -> dict[str | None, list[_Due]]:
    groups: defaultdict[str | None, list[_Due]] = defaultdict(list)
    for each in due:
        groups[each.wanted].append(each)
    return groups


def _link(
    database: Database, gateway: RichMenuGateway, wanted: str | None, some: Sequence[_Due], now: datetime
) -> int:
    try:
        _tell(gateway, wanted, [each.line_user_id for each in some])
    except RefusedByLine as refused:
        if len(some) == 1:
            log.warning("rich_menu_not_linked", status=refused.status)
            _note(database, wanted, some, now, refused=True)
            return 0
        # One that LINE does not know spoils the request of all: halves find it.
        half = len(some) // 2
        return sum(_link(database, gateway, wanted, part, now) for part in (some[:half], some[half:]))
    _note(database, wanted, some, now, refused=False)
    return len(some)


def _tell(gateway: RichMenuGateway, wanted: str | None, line_user_ids: Sequence[str]) -> None:
    if wanted is None:
        gateway.bulk_unlink_rich_menu(line_user_ids)
    else:
        gateway.bulk_link_rich_menu(wanted, line_user_ids)


def _note(
    database: Database, wanted: str | None, some: Sequence[_Due], now: datetime, *, refused: bool
) -> None:
    ids = [each.friend_id for each in some]
    with database.begin() as session:
        there = set(session.scalars(select(Friend.id).where(Friend.id.in_(ids))))
        rows = [{"friend_id": id_, "linked_at": now, "refused": False} for id_ in ids if id_ in there]
        insert_ignore(session, MenuLink, rows)
        session.execute(
            update(MenuLink)
            .where(MenuLink.friend_id.in_(ids))
            .values(line_rich_menu_id=wanted, linked_at=now, refused=refused)
            .execution_options(synchronize_session=False)
        )


def _delete_retired(database: Database, gateway: RichMenuGateway) -> None:
    """Delete replaced menus that nobody is linked to any more; of those who blocked us nobody sees one."""
    with database.reading() as session:
        in_use = (
            select(MenuLink.friend_id)
            .join(Friend, Friend.id == MenuLink.friend_id)
            .where(MenuLink.line_rich_menu_id == RetiredMenu.line_rich_menu_id, menu_targets.reachable())
        )
        idle = list(session.scalars(select(RetiredMenu.line_rich_menu_id).where(~in_use.exists())))
    for menu_id in idle:
        try:
            gateway.delete_rich_menu(menu_id)
        except RefusedByLine as error:
            # Deleted before, perhaps by hand.
            log.info("rich_menu_was_gone", rich_menu=menu_id, status=error.status)
        except GatewayError as error:
            # A thousand menus fit: it is tried again with the next linking.
            log.warning("rich_menu_left_over", rich_menu=menu_id, error=type(error).__name__)
            continue
        with database.begin() as session:
            row = session.get(RetiredMenu, menu_id)
            if row is not None:
                session.delete(row)


def _anybody_linked(session: Session) -> bool:
    linked = select(MenuLink.friend_id).where(MenuLink.line_rich_menu_id.is_not(None)).limit(1)
    return session.scalars(linked).first() is not None


def _cursor(session: Session) -> dict[str, int]:
    setting = session.get(Setting, SETTING)
    return dict(setting.value) if setting else {}


def _keep(session: Session, cursor: dict[str, int], now: datetime) -> None:
    setting = session.get(Setting, SETTING) or Setting(name=SETTING)
    setting.value, setting.updated_at = cursor, now
    session.add(setting)
