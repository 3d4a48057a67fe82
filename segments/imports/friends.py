"""Imports friends, keyed by LINE user id or member number; an empty cell leaves what is stored."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from segments import facts, facts_locking, points, rebuilding, touching
from segments.clock import Clock
from segments.db import Database
from segments.errors import KokyakuError
from segments.imports import cells
from segments.imports.columns import Row
from segments.imports.friend_lines import FIELDS, FriendLine, read_friend
from segments.imports.ledger import ImportReport, Tally
from segments.imports.options import ImportOptions
from segments.imports.people import People
from segments.imports.reading import Reader
from segments.imports.repeats import first_of_each
from segments.imports.run import Group, Job, Progress, run_import, silent
from segments.imports.tagging import put_tags
from segments.merging import attach_purchases
from segments.models import Friend


def import_friends(
    database: Database, path: Path, clock: Clock, options: ImportOptions, progress: Progress = silent
) -> ImportReport:
    """Import a CSV of friends; raise Invalid when the file as a whole cannot be read.

    A line with a member number alone makes a customer who is not on LINE yet; with a LINE user id
    and a date of registration (登録日), a friend who follows since then. No greeting is triggered.
    """
    return run_import(FriendImporter(), database, path, clock, options, progress)


class FriendImporter:
    """Friends, keyed by LINE user id, or by member number where the line has none."""

    kind = "friends"
    fields = FIELDS

    def key_of(self, row: Row) -> str:
        """Return the id or number with its kind."""
        for kind in FIELDS.key:
            value = cells.text(row.values.get(kind, "")[:1000], 1000)
            if value:
                return f"{kind}:{value}"
        return ""

    def near_of(self, row: Row) -> str:
        """Return "": the order of the file will do."""
        del row
        return ""

    def take(self, session: Session, groups: Sequence[Group], job: Job) -> Tally:
        """Create or change the friends of some groups."""
        tally = Tally()
        lines = first_of_each(groups, lambda row: read_friend(Reader(row, job.columns), job), tally)
        people = People(session, [line for _, line in lines], job.now)
        placed: list[tuple[FriendLine, Friend]] = []
        for row, line in lines:
            friend = people.take_in(line)
            if isinstance(friend, KokyakuError):
                tally.refuse(row.line, friend)
            else:
                placed.append((line, friend))
        session.flush()
        changed = {friend.id for friend in people.changed} | _settle(session, placed, people, job)
        tally.accepted += sum(friend.id in changed for _, friend in placed)
        tally.created += sum(friend.id in people.made for _, friend in placed)
        tally.unchanged += sum(friend.id not in changed for _, friend in placed)
        return tally


def _settle(
    session: Session, placed: Sequence[tuple[FriendLine, Friend]], people: People, job: Job
) -> set[int]:
    """Give friends their tags, their waiting purchases and their facts; return who got any of these, or points."""
    wanted = ((friend.id, name) for line, friend in placed for name in line.tags)
    tagged = put_tags(session, wanted, job.now, job.source, announce=job.options.announce_tags)
    numbers = {line.member_number for line, _ in placed if line.member_number}
    bought = set(attach_purchases(session, numbers).values())
    facts_locking.begin(session, sorted({friend.id for friend in people.changed}), job.now)
    # Who neither follows nor bought stands where everybody begins.
    followers = {friend.id for friend in people.changed if friend.followed_at is not None}
    facts.learn_purchases_many(session, followers | bought, job.now, announce=False)
    for friend in people.merged:
        rebuilding.rebuild(session, friend.id, job.now)
    touching.touch(session, sorted({friend.id for friend in people.changed} | bought))
    told = {friend.id: line.points for line, friend in placed if line.points is not None}
    brought = points.set_imported(session, told, job.source, job.now) if told else set[int]()
    return tagged | bought | brought
