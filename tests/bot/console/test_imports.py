"""Imports: a file is handed in, looked at, tried, imported as a job; the pages say what came of it."""

import csv
import io
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from bot.models import AuditEntry, Role
from bot.services import Services
from scheduler.jobs import Job
from segments.imports import uploaded
from segments.models import Friend, Product, Purchase
from tests.bot.browsing import OUR_OWN, Visitor
from tests.builders import a_product
from tests.fakes.queue import FakeQueue

IMPORTS = "/console/imports/"
FILE = (
    "伝票番号,売上日,会員番号,売上,商品コード\r\n"
    "A-1,令和8年11月1日,M-1,1000,TEA\r\n"
    "A-2,2026/11/02,M-1,=1+1,TEA\r\n"
    "A-3,2026/11/03,M-2,500,POT\r\n"
)


def hand_in(
    visitor: Visitor,
    content: bytes,
    kind: str = "purchases",
    name: str = "売上.csv",
    page: str = IMPORTS,
) -> TestResponse:
    """Send a file from the first page."""
    given: dict[str, Any] = {"csrf_token": visitor.token(page), "kind": kind}
    given["file"] = (io.BytesIO(content), name)
    answer = visitor.client.post(IMPORTS, data=given, headers=OUR_OWN, content_type="multipart/form-data")
    answer.request.environ["wsgi.input"].close()  # the client puts a big body into a file and leaves it open
    return answer


def work(services: Services) -> int:
    """Do the jobs that were enqueued."""
    queue = services.queue
    assert isinstance(queue, FakeQueue)

    def run(upload_id: int, attempt: int) -> None:
        uploaded.work(services.database, services.clock, upload_id, attempt)

    return queue.run({Job.IMPORT: run})


def columns(**chosen: str) -> dict[str, str]:
    """Return the mapping as the page sends it."""
    names = ["伝票番号", "売上日", "会員番号", "売上", "商品コード"]
    fields = ["order_id", "date", "member_number", chosen.get("amount", ""), "product"]
    given = {f"column-{place}": name for place, name in enumerate(names)}
    return given | {f"field-{place}": field for place, field in enumerate(fields)}


@pytest.fixture
def office(visitor: Visitor) -> Visitor:
    with visitor.services.database.begin() as session:
        a_product(session, code="TEA")
    return visitor.log_in(Role.OPERATOR)


def test_a_file_is_handed_in_mapped_tried_and_imported(office: Visitor) -> None:
    own = hand_in(office, FILE.encode("cp932")).location
    page = office.get(own).text
    assert "必要な列がまだ決まっていません: この行の金額 または 注文全体の金額" in page
    page = office.client.get(own, query_string=columns(amount="amount")).text
    assert "2026年11月1日（日）" in page
    assert "売上「=1+1」は金額として読めません。" in page
    assert office.submit(own, columns(amount="amount"), to=f"{own}/try").location == own
    assert "全部の行を確認しています" in office.get(own).text
    assert office.get(f"{own}/progress").json == {"live": True, "phase": "", "done": 0, "total": 0}
    assert work(office.services) == 1
    page = office.get(own).text
    for words in ("確認の結果", "1行を取り込む", "商品コード「POT」の商品が登録されていません。"):
        assert words in page, words
    with office.services.database.reading() as session:
        assert session.scalars(select(Purchase)).all() == []
    office.post(f"{own}/run")
    work(office.services)
    page = office.get(own).text
    assert "取り込みの結果" in page
    assert "この取り込みは、まとめて取り消すことはできません。" in page
    assert "売上.csv" in office.get(IMPORTS).text
    with office.services.database.reading() as session:
        assert session.scalars(select(Purchase.order_id)).all() == ["A-1"]
        actions = set(session.scalars(select(AuditEntry.action)))
        assert {"file_uploaded", "import_started"} <= actions


def test_lines_whose_member_is_no_friend_yet_are_told_before_and_after(office: Visitor) -> None:
    own = hand_in(office, FILE.encode()).location
    office.submit(own, columns(amount="amount"), to=f"{own}/try")
    work(office.services)
    page = office.get(own).text
    assert "1行は、その会員番号の友だちがまだいない購入です。" in page
    assert "会員番号の入った友だちのファイルを取り込むか" in page
    office.post(f"{own}/run")
    work(office.services)
    told = "1行は、その会員番号の友だちがまだいない購入として登録しました。"
    assert told in office.get(own).text
    assert told in office.get(f"{IMPORTS}runs/2").text


def test_refused_lines_are_handed_out_for_a_spreadsheet(office: Visitor) -> None:
    own = hand_in(office, FILE.encode()).location
    office.submit(own, columns(amount="amount"), to=f"{own}/try")
    work(office.services)
    answer = office.get(f"{IMPORTS}runs/1/refused.csv")
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0] == ["行番号", "理由", "コード"]
    assert [(row[0], row[2]) for row in rows[1:]] == [("3", "amount_unreadable"), ("4", "product_unknown")]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_unknown_products_are_added_when_that_is_chosen(office: Visitor) -> None:
    own = hand_in(office, FILE.encode()).location
    office.submit(own, columns(amount="amount") | {"create_products": "1"}, to=f"{own}/run")
    work(office.services)
    with office.services.database.reading() as session:
        assert set(session.scalars(select(Product.code))) == {"TEA", "POT"}


def test_columns_of_friends_that_mean_nothing_to_us_are_kept_or_left_out(office: Visitor) -> None:
    own = hand_in(office, "会員番号,趣味,担当\r\nM-1,茶道,花子\r\n".encode(), "friends").location
    assert "友だちの項目として残す" in office.get(own).text
    given = {"column-0": "会員番号", "field-0": "member_number", "column-1": "趣味", "field-1": "keep"}
    office.submit(own, given | {"column-2": "担当", "field-2": ""}, to=f"{own}/run")
    work(office.services)
    with office.services.database.reading() as session:
        assert session.scalars(select(Friend.fields)).all() == [{"趣味": "茶道"}]


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"PK\x03\x04\x14", "uriage.xlsx", "Excelのファイルはそのままでは読めません。"),
        (b"", "empty.csv", "ファイルが空です。"),
        (b"a,b\0c", "broken.csv", "CSVではないファイルか、壊れたファイルのようです。"),
        (b"", "", "ファイルを選んでください。"),
    ],
)
def test_what_cannot_be_read_is_told_beside_the_file(
    office: Visitor, content: bytes, name: str, words: str
) -> None:
    answer = hand_in(office, content, name=name)
    assert answer.status_code == 422
    place = answer.text.index('id="file-error"')
    assert words in answer.text[place : place + 300]


def test_a_file_of_many_megabytes_is_taken_from_who_is_logged_in(office: Visitor) -> None:
    line = b"A-1,2026-11-01,M-1,1000,TEA\r\n"
    big = FILE.encode() + line * (10 * 1024 * 1024 // len(line))
    assert hand_in(office, big).status_code == 302
    stranger = Visitor(office.app)
    assert hand_in(stranger, big, page="/console/login").status_code == 413


def test_work_is_cancelled_and_the_page_says_what_stayed(office: Visitor) -> None:
    own = hand_in(office, FILE.encode()).location
    office.submit(own, columns(amount="amount"), to=f"{own}/run")
    office.post(f"{own}/cancel")
    work(office.services)
    assert "取り込みを取りやめました。" in office.get(own).text
    with office.services.database.reading() as session:
        assert session.scalars(select(Purchase)).all() == []


def test_the_same_file_again_is_recognised(office: Visitor) -> None:
    for _ in range(2):
        own = hand_in(office, FILE.encode()).location
        office.submit(own, columns(amount="amount"), to=f"{own}/run")
        work(office.services)
    third = hand_in(office, FILE.encode()).location
    assert (
        "取り込み済みです。もう一度取り込んでも、同じものが二重に登録されることはありません。"
        in office.get(third).text
    )


def test_a_viewer_sees_imports_and_makes_none(office: Visitor) -> None:
    own = hand_in(office, FILE.encode()).location
    viewer = Visitor(office.app).log_in(Role.VIEWER, login="taro")
    assert viewer.get(own).status_code == viewer.get(IMPORTS).status_code == 200
    for action in ("try", "run", "cancel"):
        assert viewer.post(f"{own}/{action}").status_code == 403


def test_the_pages_speak_english(office: Visitor) -> None:
    own = hand_in(office, FILE.encode()).location
    office.submit(own, columns(amount="amount"), to=f"{own}/run")
    work(office.services)
    office.post("/console/language", {"language": "en"})
    page = office.get(own).text
    assert "No product has the code POT." in page
    assert "Result" in page
    assert "Past imports" in office.get(IMPORTS).text
