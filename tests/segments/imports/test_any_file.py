"""What holds of every file: twice is once, and the order of lines makes no difference to what is known."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segments.db import Database
from tests.builders import a_product
from tests.databases import sqlite_copy
from tests.fakes.clock import FakeClock
from tests.segments.imports.files import Desk, csv_text, state_of

HEADER = "注文番号,購入日,会員番号,金額,商品コード,数量,返金"
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

lines = st.tuples(
    st.sampled_from([f"A-{number}" for number in range(6)]),
    st.sampled_from(
        [date(2026, month, day).isoformat() for month in (1, 6, 11) for day in (1, 15)] + ["", "bad"]
    ),
    st.sampled_from(["1", "2", ""]),
    st.sampled_from(["0", "500", "1,000", "-1", ""]),
    st.sampled_from(["TEA", "POT", "", "NOPE"]),
    st.sampled_from(["1", "2", "0", ""]),
    st.sampled_from(["", "100", "済"]),
)
good_orders = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.dates(date(2024, 1, 1), date(2026, 11, 20)).map(date.isoformat),
        st.sampled_from(["1", "2"]),
        st.integers(0, 5000),
        st.sampled_from(["TEA", "POT"]),
        st.integers(1, 3),
        st.just(""),
    ),
    max_size=8,
    unique_by=lambda row: row[0],
)


def a_desk(database: Database, folder: str) -> Desk:
    """Return a desk that imports by way of files in `folder`."""
    return Desk(database, Path(folder), FakeClock())


@pytest.fixture(scope="module")
def stocked_file(sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the database of a shop with two members and two products, to be copied."""
    folder = tmp_path_factory.mktemp("stocked")
    with sqlite_copy(sqlite_file, folder) as database:
        with database.begin() as session:
            for code in ("TEA", "POT"):
                a_product(session, code=code)
        a_desk(database, str(folder)).friends("会員番号\r\n1\r\n2\r\n")
    return folder / "kokyaku.sqlite"


@FEW
@given(st.lists(lines, max_size=12))
def test_a_file_taken_twice_leaves_what_it_left_once(stocked_file: Path, rows: list[tuple[str, ...]]) -> None:
    with TemporaryDirectory() as folder, sqlite_copy(stocked_file, Path(folder)) as database:
        desk = a_desk(database, folder)
        first = desk.purchases(csv_text(HEADER, rows), batch_lines=3)
        once = state_of(database)
        second = desk.purchases(csv_text(HEADER, rows), batch_lines=5)
        assert state_of(database) == once
        assert (second.accepted, second.unchanged) == (0, first.accepted + first.unchanged)
        assert second.refused == first.refused


@FEW
@given(good_orders, st.randoms(use_true_random=False))
def test_lines_in_any_order_and_batches_of_any_size_leave_the_same(
    stocked_file: Path, rows: list[tuple[object, ...]], chance: object
) -> None:
    shuffled = sorted(rows, key=lambda row: hash((row, str(chance))))
    with (
        TemporaryDirectory() as one,
        TemporaryDirectory() as other,
        sqlite_copy(stocked_file, Path(one)) as first,
        sqlite_copy(stocked_file, Path(other)) as second,
    ):
        a_desk(first, one).purchases(csv_text(HEADER, rows), batch_lines=1)
        a_desk(second, other).purchases(csv_text(HEADER, shuffled), batch_lines=100)
        assert state_of(first) == state_of(second)
