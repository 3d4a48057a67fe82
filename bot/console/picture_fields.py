"""Pictures in forms: uploaded beside their field, chosen from those that are there, taken out again."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage, MultiDict

from bot import operators, picture_addresses, pictures
from bot.console.connection_views import wiring
from bot.models import Picture, PictureSize
from bot.picture_making import UPLOAD_MOST, fingerprint, make
from bot.pictures import Kept
from bot.services import Services
from bot.settings import Settings
from bot.words import explain
from segments.errors import Invalid

FILE = "~file"
"""What a field's file input is called after the field."""
NAME = re.compile(r"image_url|b\d\.(?:cards\d{1,2}\.)?image")
"""The fields: of a product, of a bubble, of a carousel's card."""
REQUEST_MOST = 64 * 1024 * 1024
"""Bytes of a request with pictures: a picture that is too big is told beside its field, and the rest of the form stays."""
OFFERED = 60
"""Pictures of the latest that a field offers."""


@dataclass(frozen=True)
class Shown:
    """A picture of ours as the console shows it."""

    token: str
    name: str
    small: str
    """Where pages find its smallest size; "" when it is there no more."""
    address: str
    """What messages keep."""


@dataclass(frozen=True)
class Fields:
    """The fields of one form, and how it is told what must be mended."""

    values: dict[str, str]
    add: Callable[[str, str], None]


def shown(picture: Picture) -> Shown:
    """Return what the console shows of a picture."""
    small = picture_addresses.stored(picture.token, picture.kind, PictureSize.SMALL)
    address = picture_addresses.stored(picture.token, picture.kind)
    return Shown(picture.token, picture.name, picture_addresses.on_page(small), address)


def take(services: Services, upload: FileStorage, actor: str) -> Kept:
    """Keep an uploaded picture, or find it among those that are there; raises Invalid as `picture_making.make` does."""
    content, now = upload.stream.read(UPLOAD_MOST + 1), services.clock.now()
    with services.database.reading() as session:
        there = pictures.same(session, fingerprint(content))
    if there is not None:
        return Kept(there, is_new=False)
    made = make(content)
    with services.database.begin() as session:
        kept = pictures.keep(session, made, upload.filename or "", actor, now)
        if kept.is_new:
            picture = kept.picture
            operators.note(session, actor, "picture_uploaded", str(picture.id), now, name=picture.name)
        session.expunge(kept.picture)
    return kept


def take_all(services: Services, fields: Fields, files: MultiDict[str, FileStorage], actor: str) -> None:
    """Keep the pictures that were chosen in a form; what is wrong with one is told beside its field."""
    for name in filter(NAME.fullmatch, fields.values):
        fields.values[name] = picture_addresses.kept(fields.values[name].strip(), services.settings)
    for given, upload in files.items():
        name = given.removesuffix(FILE)
        if not upload.filename or not NAME.fullmatch(name):
            continue
        try:
            fields.values[name] = shown(take(services, upload, actor).picture).address
        except Invalid as error:
            fields.add(name, explain(error))


def act(session: Session, fields: Fields, do: str) -> str:
    """Do what a picture's button says: `clear:b0.image`, `pick:b0.image:<token>`; return the field that is choosing."""
    verb, _colon, rest = do.partition(":")
    name, _colon, token = rest.partition(":")
    if not NAME.fullmatch(name):
        return ""
    if verb == "clear":
        fields.values[name] = ""
    elif verb == "pick" and (picture := pictures.known(session, [token]).get(token)):
        fields.values[name] = shown(picture).address
    return name if verb == "choose" else ""


def on_page(
    session: Session, values: Mapping[str, str], settings: Settings, choosing: str = ""
) -> dict[str, Any]:
    """Return what a form's page knows of pictures: those in its fields by address, and those it offers."""
    named = {address: picture_addresses.token_of(address) for address in values.values()}
    tokens = {token for token in named.values() if token}
    found = pictures.known(session, tokens)
    ours = {
        address: shown(found[token]) if token in found else Shown(token, "", "", address)
        for address, token in named.items()
        if token
    }
    offered = [shown(each) for each in pictures.page(session, size=OFFERED)[0]] if choosing else []
    return {
        "pictures": ours,
        "choosing": choosing,
        "pictures_offered": offered,
        "pictures_reach": is_reachable(settings),
    }


def is_reachable(settings: Settings) -> bool:
    """Tell whether friends' phones can open our pictures."""
    return wiring(settings).is_reachable


def check(session: Session, fields: Fields, said: object, settings: Settings) -> None:
    """Tell of pictures that are there no more, and that friends could not open any, beside their fields.

    `said` is what was made of the form; what it names elsewhere (in JSON) is told at the top.
    """
    tokens = picture_addresses.tokens_in(json.dumps(said, ensure_ascii=False))
    there = pictures.known(session, tokens).keys()
    reach = is_reachable(settings)
    for token in sorted(tokens):
        if token not in there:
            _tell(fields, token, "picture_unknown")
        elif not reach:
            _tell(fields, token, "picture_unreachable")


def _tell(fields: Fields, token: str, code: str) -> None:
    named = [name for name, value in fields.values.items() if picture_addresses.token_of(value) == token]
    for name in named or [""]:
        fields.add(name, explain(Invalid(code)))
