"""Pictures in the console: uploaded beside a field and on their own page, chosen, shown, served, deleted."""

import io
import json
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from bot import picture_addresses
from bot.console.picture_fields import REQUEST_MOST
from bot.models import AuditEntry, FormDraft, Picture, Role
from bot.services import EXTENSION, Services
from scheduler.models import Message, MessageVersion
from segments.models import Product
from tests.bot.apps import new_app
from tests.bot.browsing import OUR_OWN, Visitor
from tests.bot.photographs import a_drawing, a_photograph

NEW = "/console/messages/new"
PAGE = "/console/pictures/"
IMAGE: dict[str, Any] = {
    "name": "夏の新作",
    "purpose": "sales",
    "n": "1",
    "quick": "0",
    "b0.kind": "image",
    "b0.image": "",
}
SHOP = "https://shop.example"


@pytest.fixture
def app(services: Services) -> Flask:
    """Return the application of a shop that phones reach."""
    settings = services.settings.model_copy(update={"public_url": SHOP})
    return an_app(services, settings=settings)


def an_app(services: Services, **changed: Any) -> Flask:
    kept = {name: getattr(services, name) for name in ("settings", "database", "clock", "gateway", "queue")}
    made = new_app(Services(**kept | changed))
    made.config["TESTING"] = True
    made.config["PROPAGATE_EXCEPTIONS"] = False
    # Over https a browser sends the cookie; this one speaks http.
    made.config["SESSION_COOKIE_SECURE"] = False
    made.config["WTF_CSRF_SSL_STRICT"] = False
    return made


@pytest.fixture
def writer(visitor: Visitor) -> Visitor:
    return visitor.log_in()


def a_file(content: bytes | None = None, name: str = "夏.jpg") -> tuple[io.BytesIO, str]:
    return io.BytesIO(a_photograph(60, 40) if content is None else content), name


def sent(writer: Visitor, to: str, **fields: Any) -> TestResponse:
    """Send fields and files from the account's page."""
    return writer.submit("/console/account/", fields, to=to)


def the_picture(writer: Visitor) -> Picture:
    with writer.services.database.reading() as session:
        return session.scalars(select(Picture).order_by(Picture.id.desc())).first() or pytest.fail("none")


def count(writer: Visitor, table: type[Any] = Picture) -> int:
    with writer.services.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def count_of(writer: Visitor, action: str) -> int:
    with writer.services.database.reading() as session:
        return len(session.scalars(select(AuditEntry).where(AuditEntry.action == action)).all())


def address_of(picture: Picture) -> str:
    return picture_addresses.stored(picture.token, picture.kind)


def told_beside(answer: TestResponse, field: str) -> str:
    found = re.search(rf'data-errors="{re.escape(field)}">(.*?)</div></div>', answer.text, re.DOTALL)
    assert found, answer.text
    return found[1]


def test_a_picture_chosen_in_the_form_goes_into_the_message(writer: Visitor) -> None:
    answer = writer.submit(NEW, IMAGE | {"save": "1", "b0.image~file": a_file()})
    assert answer.status_code == 302, answer.text
    address = address_of(the_picture(writer))
    with writer.services.database.reading() as session:
        version = session.scalars(select(MessageVersion)).one()
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "picture_uploaded")).one()
    whole = address.replace("/card.", "/full.")
    assert version.content == {
        "ja": [{"type": "image", "originalContentUrl": whole, "previewImageUrl": address}]
    }
    assert entry.details == {"name": "夏.jpg"}
    page = writer.get(answer.location).text
    assert f'src="{picture_addresses.on_page(address)}"' in page


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no picture", "画像として読めませんでした"),
        (a_photograph()[:-900], "壊れているか、途中で切れています"),
    ],
)
def test_what_is_wrong_with_a_picture_is_told_beside_its_field_and_nothing_typed_is_lost(
    writer: Visitor, content: bytes, words: str
) -> None:
    for pressed in ({"save": "1"}, {"do": "upload:b0.image"}):
        answer = writer.submit(NEW, IMAGE | pressed | {"b0.image~file": a_file(content)})
        assert answer.status_code == 422
        assert words in told_beside(answer, "b0.image")
        assert 'value="夏の新作"' in answer.text
    assert (count(writer), count(writer, Message)) == (0, 0)


def test_without_scripts_a_picture_is_uploaded_kept_with_the_draft_and_taken_out_again(
    writer: Visitor,
) -> None:
    answer = writer.submit(NEW, IMAGE | {"do": "upload:b0.image", "b0.image~file": a_file()})
    assert answer.status_code == 200
    address = address_of(the_picture(writer))
    assert f'value="{address}"' in answer.text
    assert "夏.jpg" in answer.text
    with writer.services.database.reading() as session:
        assert session.scalars(select(FormDraft)).one().fields["b0.image"] == address
    emptied = writer.submit(NEW, IMAGE | {"b0.image": address, "do": "clear:b0.image"})
    assert address not in emptied.text


def test_a_picture_that_is_there_is_chosen_for_a_card(writer: Visitor) -> None:
    sent(writer, PAGE, picture=a_file())
    picture = the_picture(writer)
    cards = IMAGE | {"b0.kind": "carousel", "b0.cards": "2", "b0.cards1.image": ""}
    offered = writer.submit(NEW, cards | {"do": "choose:b0.cards1.image"})
    assert f'value="pick:b0.cards1.image:{picture.token}"' in offered.text
    chosen = writer.submit(NEW, cards | {"do": f"pick:b0.cards1.image:{picture.token}"})
    assert chosen.status_code == 200
    assert re.search(rf'name="b0.cards1.image" value="{address_of(picture)}"', chosen.text)
    for nonsense in ("pick:b0.cards1.image:nobody", "pick:name:x", "clear:name", "choose:"):
        answer = writer.submit(NEW, cards | {"do": nonsense})
        assert 'value="夏の新作"' in answer.text


def test_the_shops_own_public_address_is_kept_as_the_picture_it_is(writer: Visitor) -> None:
    sent(writer, PAGE, picture=a_file())
    address = address_of(the_picture(writer))
    public = address.replace(picture_addresses.STORED, f"{SHOP}/p/")
    writer.submit(NEW, IMAGE | {"save": "1", "b0.image": public})
    with writer.services.database.reading() as session:
        content = session.scalars(select(MessageVersion.content)).one()
    assert content["ja"][0]["previewImageUrl"] == address


def test_a_picture_that_is_gone_is_told_when_saving(writer: Visitor) -> None:
    gone = picture_addresses.stored("x" * 32, "jpg")
    answer = writer.submit(NEW, IMAGE | {"save": "1", "b0.image": gone})
    assert answer.status_code == 422
    assert "この画像は見つかりません" in told_beside(answer, "b0.image")
    object_ = json.dumps({"type": "image", "originalContentUrl": gone, "previewImageUrl": gone})
    answer = writer.submit(NEW, IMAGE | {"save": "1", "b0.kind": "json", "b0.json.ja": object_})
    assert "この画像は見つかりません" in answer.text
    assert count(writer, Message) == 0


def test_without_a_public_address_it_is_said_what_to_do(services: Services) -> None:
    writer = Visitor(an_app(services)).log_in()
    answer = writer.submit(NEW, IMAGE | {"save": "1", "b0.image~file": a_file()})
    assert answer.status_code == 422
    assert "KOKYAKU_PUBLIC_URL" in told_beside(answer, "b0.image")
    # The picture is kept, and so is what was typed.
    assert address_of(the_picture(writer)) in answer.text
    assert "KOKYAKU_PUBLIC_URL" in writer.get(PAGE).text


def test_with_the_simulator_this_machines_address_will_do(services: Services) -> None:
    settings = services.settings.model_copy(update={"line_api_base_url": "http://127.0.0.1:8100"})
    writer = Visitor(an_app(services, settings=settings)).log_in()
    answer = writer.submit(NEW, IMAGE | {"save": "1", "b0.image~file": a_file()})
    assert answer.status_code == 302
    assert "KOKYAKU_PUBLIC_URL" not in writer.get(PAGE).text


def test_a_script_uploads_one_picture_and_is_told_what_to_show(writer: Visitor) -> None:
    answer = sent(writer, f"{PAGE}upload", field="b0.image", picture=a_file(a_drawing(), "<b>絵.png"))
    picture = the_picture(writer)
    assert answer.json
    assert answer.json["address"] == address_of(picture)
    assert "&lt;b&gt;絵.png" in answer.json["html"]
    assert 'value="clear:b0.image"' in answer.json["html"]
    refused = sent(writer, f"{PAGE}upload", field="b0.image", picture=a_file(b"?"))
    assert refused.status_code == 422
    assert refused.json
    assert refused.json["error"].startswith("画像として読めませんでした")
    assert sent(writer, f"{PAGE}upload", field="b0.image").status_code == 422


def test_a_viewer_sees_pictures_and_uploads_none(visitor: Visitor) -> None:
    viewer = visitor.log_in(Role.VIEWER)
    assert viewer.get(PAGE).status_code == 200
    assert sent(viewer, PAGE, picture=a_file()).status_code == 403
    assert sent(viewer, f"{PAGE}upload", picture=a_file()).status_code == 403
    assert "まだ画像がありません" in viewer.get(PAGE).text


def test_more_than_a_request_may_hold_is_refused_unread(writer: Visitor) -> None:
    said = {"CONTENT_LENGTH": str(REQUEST_MOST + 1)}
    form = "multipart/form-data; boundary=x"
    answer = writer.client.post(NEW, content_type=form, headers=OUR_OWN, environ_overrides=said)
    assert answer.status_code == 413


def test_the_list_shows_where_each_picture_is_used_and_deletes_the_others(writer: Visitor) -> None:
    writer.submit(NEW, IMAGE | {"save": "1", "b0.image~file": a_file(name="使う.jpg")})
    used = the_picture(writer)
    page = sent(writer, PAGE, picture=[a_file(a_drawing(), "使わない.png"), a_file(b"?", "だめ.txt")])
    assert page.status_code == 422
    assert "だめ.txt: 画像として読めませんでした" in page.text
    unused = the_picture(writer)
    listed = writer.get(PAGE).text
    assert "使う.jpg" in listed
    assert '<a href="/console/messages/1">夏の新作</a>' in listed
    only_unused = writer.get(f"{PAGE}?which=unused").text
    assert "使わない.png" in only_unused
    assert "使う.jpg" not in only_unused

    kept = sent(writer, f"{PAGE}{used.id}/remove")
    assert "「使う.jpg」は使われているため" in writer.get(kept.location).text
    gone = sent(writer, f"{PAGE}{unused.id}/remove")
    assert "「使わない.png」を削除しました。" in writer.get(gone.location).text
    assert count(writer) == 1
    assert writer.get(f"{PAGE}{unused.id}").status_code == 404
    shown = writer.get(f"{PAGE}{used.id}").text
    assert address_of(used) in shown
    assert f"{SHOP}/p/{used.token}/full.jpg" in shown


def test_a_picture_uploaded_twice_is_kept_once_and_said_to_be_there(writer: Visitor) -> None:
    sent(writer, PAGE, picture=a_file(name="夏.jpg"))
    page = writer.get(
        sent(writer, PAGE, picture=[a_file(name="コピー.jpg"), a_file(a_drawing())]).location
    ).text
    assert "画像をアップロードしました（1枚）。" in page
    assert "同じ画像がすでにあります：夏.jpg" in page
    in_a_form = sent(writer, f"{PAGE}upload", field="b0.image", picture=a_file(name="また.jpg")).json
    assert in_a_form
    assert "夏.jpg" in in_a_form["html"]
    assert (count(writer), count_of(writer, "picture_uploaded")) == (2, 2)


def test_everybody_who_was_told_the_token_gets_the_picture_and_nobody_else(writer: Visitor) -> None:
    sent(writer, PAGE, picture=a_file())
    path = picture_addresses.on_page(address_of(the_picture(writer)))
    stranger = Visitor(writer.app).client
    answer = stranger.get(path)
    assert (answer.status_code, answer.content_type) == (200, "image/jpeg")
    assert answer.data.startswith(b"\xff\xd8\xff")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Set-Cookie" not in answer.headers
    again = stranger.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    token = path.split("/")[2]
    for wrong in (
        path.replace("card.jpg", "card.png"),
        path.replace("card.jpg", "card.svg"),
        path.replace(token, token[:-1]),
        f"/p/{token}/",
    ):
        assert stranger.get(wrong).status_code == 404


def test_a_product_takes_a_picture_and_shows_it(writer: Visitor) -> None:
    product = {"code": "SEN", "name": "煎茶", "price": "980", "kind": "regular", "image_url": ""}
    new = "/console/products/new"
    refused = writer.submit(new, product | {"image_url~file": a_file(b"?")})
    assert "画像として読めませんでした" in told_beside(refused, "image_url")
    assert writer.submit(new, product | {"image_url~file": a_file()}).status_code == 302
    address = address_of(the_picture(writer))
    with writer.services.database.reading() as session:
        kept = session.scalars(select(Product)).one()
    assert kept.image_url == address
    small = picture_addresses.on_page(address)
    assert f'src="{small}"' in writer.get("/console/products/").text
    edit = f"/console/products/{kept.id}"
    assert f'src="{small}"' in writer.get(edit).text
    token = the_picture(writer).token
    picked = writer.submit(edit, product | {"do": f"pick:image_url:{token}"})
    assert f'value="{address}"' in picked.text
    assert EXTENSION in writer.app.extensions
