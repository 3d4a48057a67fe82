"""What the pages of pictures show: each with where it is used, and a page of one with its addresses."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot import picture_addresses, picture_uses, pictures
from bot.actors import actor_name
from bot.models import Picture, PictureSize
from bot.picture_uses import Use
from bot.settings import Settings


@dataclass(frozen=True)
class Card:
    """One picture in the list."""

    picture: Picture
    small: str
    uses: Sequence[Use]

    @property
    def is_used(self) -> bool:
        """Whether something still says it."""
        return any(use.is_now for use in self.uses)


@dataclass(frozen=True)
class Page:
    """A page of the list, and the id to ask the next one with."""

    cards: Sequence[Card]
    next_id: int | None


@dataclass(frozen=True)
class One:
    """A picture with all that its page shows."""

    picture: Picture
    by: str
    whole: str
    """Where the page finds its largest size."""
    uses: Sequence[Use]
    is_used: bool
    address: str
    """What messages and products of ours call it."""
    public: str
    """Where everybody finds it; "" while nobody outside can."""


def page(session: Session, before: int | None, *, unused: bool) -> Page:
    """Return a page of pictures, of all or of those that nothing says any more."""
    uses = picture_uses.of(session)
    taken = {token for token, found in uses.items() if any(use.is_now for use in found)} if unused else ()
    found, next_id = pictures.page(session, before, taken)
    return Page([Card(each, _small(each), uses.get(each.token, ())) for each in found], next_id)


def one(session: Session, picture_id: int, settings: Settings) -> One:
    """Return a picture; raises NotFound."""
    picture = pictures.get(session, picture_id)
    uses = picture_uses.of(session, {picture.token}).get(picture.token, ())
    address = picture_addresses.stored(picture.token, picture.kind)
    whole = picture_addresses.whole(address)
    public = picture_addresses.public(whole, settings)
    return One(
        picture=picture,
        by=actor_name(session, picture.created_by),
        whole=picture_addresses.on_page(whole),
        uses=uses,
        is_used=any(use.is_now for use in uses),
        address=address,
        public=public if public.startswith("https://") else "",
    )


def _small(picture: Picture) -> str:
    return picture_addresses.on_page(picture_addresses.stored(picture.token, picture.kind, PictureSize.SMALL))
