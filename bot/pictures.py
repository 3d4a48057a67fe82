"""The shop's pictures: kept in the database, where every process on every machine finds them; listed, served, removed."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from bot import picture_uses
from bot.models import Picture, PictureFile, PictureSize
from bot.picture_making import Made
from segments.errors import Conflict, NotFound
from segments.upsert import insert_ignore

PAGE = 24
NAME_LONGEST = 128
TOKEN_BYTES = 24
"""192 bits: nobody finds a picture by trying."""


@dataclass(frozen=True)
class Kept:
    """A picture, and whether it had not been there before."""

    picture: Picture
    is_new: bool


def keep(session: Session, made: Made, name: str, by: str, now: datetime) -> Kept:
    """Keep a picture under a name nobody can guess, unless the same is there; `name` is what its file was called."""
    row = {
        "token": secrets.token_urlsafe(TOKEN_BYTES),
        "name": _shown(name),
        "fingerprint": made.fingerprint,
        "kind": made.kind,
        "width": made.width,
        "height": made.height,
        "byte_count": sum(map(len, made.files.values())),
        "created_at": now,
        "created_by": by,
    }
    # Two may upload the same at once: the one that comes second finds the first one's.
    is_new = insert_ignore(session, Picture, [row]) == 1
    picture = session.scalars(_of(made.fingerprint)).one()
    if is_new:
        files = made.files.items()
        session.add_all(
            PictureFile(picture_id=picture.id, size=size, content=content) for size, content in files
        )
        session.flush()
    return Kept(picture, is_new)


def _of(fingerprint: str) -> Select[Picture]:
    return select(Picture).where(Picture.fingerprint == fingerprint)


def same(session: Session, fingerprint: str) -> Picture | None:
    """Return the picture that was made from this very file; None when it was never uploaded."""
    return session.scalars(_of(fingerprint)).first()


def _shown(name: str) -> str:
    """Return a file's name without folders and without letters that are not seen."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).strip()[:NAME_LONGEST] or "picture"


def file(session: Session, token: str, size: PictureSize, kind: str) -> bytes | None:
    """Return the bytes of one size of a picture; None when there is none of that name."""
    query = select(PictureFile.content).join(Picture, Picture.id == PictureFile.picture_id)
    return session.scalar(query.where(Picture.token == token, Picture.kind == kind, PictureFile.size == size))


def get(session: Session, picture_id: int) -> Picture:
    """Return a picture. Raises NotFound (picture_unknown)."""
    picture = session.get(Picture, picture_id)
    if picture is None:
        raise NotFound("picture_unknown")
    return picture


def known(session: Session, tokens: Collection[str]) -> dict[str, Picture]:
    """Return those of the pictures named that are there."""
    found = session.scalars(select(Picture).where(Picture.token.in_(tokens))) if tokens else ()
    return {picture.token: picture for picture in found}


def page(
    session: Session, before: int | None = None, leaving_out: Collection[str] = (), size: int = PAGE
) -> tuple[Sequence[Picture], int | None]:
    """Return a page of pictures, the newest first, and the id to ask the next page with."""
    wanted = select(Picture).order_by(Picture.id.desc()).limit(size + 1)
    if before is not None:
        wanted = wanted.where(Picture.id < before)
    if leaving_out:
        wanted = wanted.where(Picture.token.not_in(leaving_out))
    found = session.scalars(wanted).all()
    return found[:size], found[size - 1].id if len(found) > size else None


def room(session: Session) -> tuple[int, int]:
    """Return how many pictures there are, and how many bytes they take."""
    count, size = session.execute(
        select(func.count(), func.sum(Picture.byte_count)).select_from(Picture)
    ).one()
    return count, int(size or 0)


def remove(session: Session, picture: Picture) -> None:
    """Delete a picture that nothing says any more. Raises Conflict (picture_in_use)."""
    uses = picture_uses.of(session, {picture.token}).get(picture.token, ())
    if any(use.is_now for use in uses):
        raise Conflict("picture_in_use", name=picture.name)
    session.execute(delete(PictureFile).where(PictureFile.picture_id == picture.id))
    session.delete(picture)
