"""Pictures kept in the database: found where they are used, deleted only when nothing says them, written out on the wire."""

from collections.abc import Generator
from itertools import count
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import operators, picture_addresses, picture_making, picture_uses, pictures
from bot.console import form_drafts
from bot.line.calls import CallRecorder
from bot.line.gateway import LineGateway
from bot.line.tokens import LongLivedToken
from bot.models import Operator, Picture, PictureFile, PictureSize, Role
from bot.picture_uses import Place, Use
from bot.settings import Settings
from bot.simulator.config import SimulatorConfig
from bot.simulator.server import start
from scheduler import message_library
from scheduler.gateway import RefusedByLine
from scheduler.message_library import Written
from scheduler.models import Broadcast, BroadcastState, MessageVersion, Purpose
from segments.db import Database
from segments.errors import Conflict, NotFound
from tests.bot.photographs import a_photograph
from tests.builders import a_product
from tests.fakes.clock import A_SATURDAY, FakeClock
from tests.fakes.simulator import SimulatorClient

BY = "operator:1"
_heights = count(40)


def a_picture(session: Session, name: str = "夏.jpg") -> Picture:
    """Keep a small picture, unlike any other."""
    made = picture_making.make(a_photograph(60, next(_heights)))
    return pictures.keep(session, made, name, BY, A_SATURDAY).picture


def says(picture: Picture) -> dict[str, list[dict[str, str]]]:
    """Return a message that shows a picture."""
    address = picture_addresses.stored(picture.token, picture.kind)
    whole = picture_addresses.whole(address)
    return {"ja": [{"type": "image", "originalContentUrl": whole, "previewImageUrl": address}]}


def a_message(session: Session, picture: Picture) -> MessageVersion:
    """Keep a message that shows a picture."""
    return message_library.create(
        session, Written("夏のお知らせ", Purpose.SALES, says(picture)), BY, A_SATURDAY
    )


def reworded(session: Session, version: MessageVersion) -> MessageVersion:
    """Say something else instead."""
    words = Written("夏のお知らせ", Purpose.SALES, {"ja": [{"type": "text", "text": "新茶です"}]})
    return message_library.change(session, version, words, BY, A_SATURDAY)


def uses(session: Session, picture: Picture) -> list[Use]:
    return picture_uses.of(session).get(picture.token, [])


def test_a_picture_is_found_by_its_token_alone(database: Database) -> None:
    with database.begin() as session:
        picture = a_picture(session, "C:\\写真\\夏の\u202e新作.jpg")
        assert picture.name == "夏の新作.jpg"
        assert len(picture.token) == 32
        small = pictures.file(session, picture.token, PictureSize.SMALL, "jpg")
        assert small
        assert small.startswith(b"\xff\xd8\xff")
        assert pictures.file(session, picture.token, PictureSize.SMALL, "png") is None
        assert pictures.file(session, picture.token[:-1] + "!", PictureSize.SMALL, "jpg") is None
        assert pictures.room(session) == (1, picture.byte_count)


def test_the_same_file_is_kept_once_whatever_it_is_called(database: Database) -> None:
    file, other = a_photograph(60, 40), a_photograph(60, 41)
    with database.begin() as session:
        assert pictures.same(session, picture_making.fingerprint(file)) is None
        first, again, another = (
            pictures.keep(session, picture_making.make(content), name, BY, A_SATURDAY)
            for content, name in ((file, "夏.jpg"), (file, "夏のコピー.jpg"), (other, "秋.jpg"))
        )
        assert (first.is_new, again.is_new, another.is_new) == (True, False, True)
        assert (again.picture.id, again.picture.name) == (first.picture.id, "夏.jpg")
        assert pictures.same(session, picture_making.fingerprint(file)) is first.picture
        assert session.scalar(select(func.count()).select_from(PictureFile)) == 2 * len(PictureSize)


def test_the_list_goes_on_page_by_page(database: Database) -> None:
    with database.begin() as session:
        kept = [a_picture(session, f"{number}.jpg") for number in range(5)]
        first, next_id = pictures.page(session, size=2)
        assert [each.name for each in first] == ["4.jpg", "3.jpg"]
        second, _next = pictures.page(session, next_id, {kept[2].token}, size=2)
        assert [each.name for each in second] == ["1.jpg", "0.jpg"]


def test_a_picture_is_in_use_while_a_message_says_it(database: Database) -> None:
    with database.begin() as session:
        picture = a_picture(session)
        version = a_message(session, picture)
        said = Use(Place.MESSAGE, version.message_id, "夏のお知らせ")
        assert uses(session, picture) == [said]
        with pytest.raises(Conflict, match="picture_in_use"):
            pictures.remove(session, picture)

        reworded(session, version)
        assert uses(session, picture) == [Use(said.place, said.id, said.name, is_now=False)]

        # A broadcast that is about to go out says the version it was given.
        broadcast = Broadcast(
            name="秋", state=BroadcastState.SCHEDULED, message_version_id=version.id, created_at=A_SATURDAY
        )
        session.add(broadcast)
        session.flush()
        assert uses(session, picture) == [said]
        broadcast.state = BroadcastState.DONE
        session.flush()
        pictures.remove(session, picture)
        session.flush()
        for table in (Picture, PictureFile):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        with pytest.raises(NotFound):
            pictures.get(session, picture.id)


def test_a_message_that_is_put_away_uses_nothing(database: Database) -> None:
    with database.begin() as session:
        picture = a_picture(session)
        version = a_message(session, picture)
        message_library.archive(session, version.message_id, A_SATURDAY)
        assert [use.is_now for use in uses(session, picture)] == [False]


def test_products_and_unsaved_forms_use_pictures_too(database: Database) -> None:
    with database.begin() as session:
        of_product, of_form = a_picture(session), a_picture(session)
        address = picture_addresses.stored(of_product.token, of_product.kind)
        product = a_product(session, name="煎茶", image_url=address)
        operators.create(session, "hanako", "花子", Role.OWNER, "ringo mikan budou", A_SATURDAY)
        session.flush()
        operator = session.scalars(select(Operator)).one()
        typed = {"b0.image": picture_addresses.stored(of_form.token, of_form.kind)}
        form_drafts.keep(session, operator.id, "message:new", typed, A_SATURDAY)
        session.flush()
        assert uses(session, of_product) == [Use(Place.PRODUCT, product.id, "煎茶")]
        assert uses(session, of_form) == [Use(Place.FORM, operator.id, "花子")]


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({"public_url": "https://shop.example/"}, "https://shop.example/p/"),
        ({"host": "127.0.0.1", "port": 8123}, "http://127.0.0.1:8123/p/"),
        ({"host": "0.0.0.0", "port": 8123}, "http://127.0.0.1:8123/p/"),
        ({"host": "::", "port": 8123}, "http://[::1]:8123/p/"),
    ],
)
def test_pictures_are_at_the_shops_address_or_on_this_machine(given: dict[str, object], at: str) -> None:
    settings = Settings.model_construct(None, **given)
    address = picture_addresses.stored("a" * 32, "jpg")
    assert picture_addresses.public(address, settings) == f"{at}{'a' * 32}/card.jpg"
    assert picture_addresses.kept(f"{at}{'a' * 32}/card.jpg", settings) == address
    assert (
        picture_addresses.kept("https://other.example/p/a.jpg", settings) == "https://other.example/p/a.jpg"
    )


@pytest.fixture
def line() -> Generator[SimulatorClient]:
    with start(SimulatorConfig()) as running:
        yield SimulatorClient(running.url)


def test_the_shops_address_is_written_in_on_the_wire(
    line: SimulatorClient, sqlite: Database, clock: FakeClock
) -> None:
    friend = line.add_friend()
    with sqlite.begin() as session:
        content = says(a_picture(session))["ja"]
    for place in ("https://shop.example/p/", "http://127.0.0.1:8000/p/", "http://shop.example/p/"):
        gateway = LineGateway(
            base_url=line.url,
            data_base_url=line.url,
            tokens=LongLivedToken(SimulatorConfig().channel_access_tokens[0]),
            calls=CallRecorder(sqlite),
            clock=clock,
            pictures_at=place,
        )
        try:
            if place.startswith("http://shop"):
                with pytest.raises(RefusedByLine):
                    gateway.validate("push", content)
                continue
            gateway.validate("push", content)
            gateway.multicast([friend], content, uuid4())
        finally:
            gateway.close()
        newest = line.received(friend)[-1]
        assert newest["previewImageUrl"].startswith(place)
        assert newest["originalContentUrl"].endswith("/full.jpg")
