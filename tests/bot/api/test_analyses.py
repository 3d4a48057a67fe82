"""Figures of sales and customers through the API."""

import pytest

from bot.services import Services
from segments import analyses_nightly
from segments.models import Product
from tests.bot.api.conftest import Caller
from tests.builders import a_friend, a_product
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.buying_world import build

FIGURES = ("best-sellers", "f2", "repeat", "cohorts", "rfm", "deciles", "times")


@pytest.mark.parametrize("figure", FIGURES)
def test_an_empty_shop_has_empty_figures(caller: Caller, figure: str) -> None:
    answer = caller.get(f"/analysis/{figure}")
    assert answer.status_code == 200
    assert answer.get_json()


def test_what_is_told_is_what_was_bought(caller: Caller, services: Services) -> None:
    with services.database.begin() as session:
        world = build(session, 1)
        codes = {product.id: product.code for product in session.query(Product)}
    analyses_nightly.prepare(services.database, NOW, _fail)
    sold = caller.get("/analysis/best-sellers?limit=100").get_json()["products"]
    assert {each["code"]: (each["quantity"], each["yen"], each["buyers"]) for each in sold} == {
        codes[product]: found for product, found in world.sold(None, None).items() if isinstance(product, int)
    }
    steps, _ = world.steps()
    (start, then), number = steps.most_common(1)[0]
    followers = caller.get(f"/analysis/next?product={codes[start]}").get_json()["products"]
    assert {each["code"]: each["went_on"] for each in followers}[codes[then]] == number
    histories = world.histories()
    rfm = caller.get("/analysis/rfm").get_json()["cells"]
    assert sum(cell["buyers"] for cell in rfm) == len(histories)
    assert sum(row["buyers"] for row in caller.get("/analysis/deciles").get_json()["deciles"]) == len(
        histories
    )
    cohorts = caller.get("/analysis/cohorts").get_json()
    assert sum(row["size"] for row in cohorts["cohorts"]) == len(histories)
    repeat = caller.get("/analysis/repeat?since=2026-02-01&until=2026-02-28").get_json()
    assert repeat["ever_buyers"] == len(histories)
    assert caller.get("/analysis/f2?days=30").get_json()["total"]["newcomers"] == len(histories)
    assert sum(map(sum, caller.get("/analysis/times").get_json()["orders"])) == len(list(world.kept()))


def test_a_friend_is_recommended_what_they_do_not_have(caller: Caller, services: Services) -> None:
    with services.database.begin() as session:
        world = build(session, 1)
        friend, history = min(world.histories().items(), key=lambda each: len(each[1]))
        owned = {line.product for order in history for line in order.lines}
        codes = {product.id: product.code for product in session.query(Product)}
    analyses_nightly.prepare(services.database, NOW, _fail)
    answer = caller.get(f"/friends/{friend}/recommendations?limit=50").get_json()
    told = {each["code"] for each in answer["products"]}
    assert told == set(codes.values()) - {codes[product] for product in owned}
    assert all(each["reason"] for each in answer["products"])


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/friends/999/recommendations", 404, "friend_unknown"),
        ("/analysis/next?product=NONE", 404, "product_unknown"),
        ("/analysis/next", 422, "fields_invalid"),
        ("/analysis/best-sellers?limit=0", 422, "fields_invalid"),
        ("/analysis/best-sellers?by=colour", 422, "fields_invalid"),
        ("/analysis/f2?days=many", 422, "fields_invalid"),
        ("/analysis/times?since=yesterday", 422, "fields_invalid"),
        ("/analysis/times?sinse=2026-01-01", 422, "fields_invalid"),
    ],
)
def test_what_cannot_be_is_refused(
    caller: Caller, services: Services, path: str, status: int, code: str
) -> None:
    with services.database.begin() as session:
        a_friend(session)
        a_product(session)
    answer = caller.get(path)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def _fail(part: str, error: Exception) -> None:
    raise AssertionError(part) from error
