"""What every connection to PostgreSQL is told."""

from collections.abc import Generator

import pytest
from sqlalchemy import text

from segments.db import Database
from segments.postgresql import PAGE_COST
from tests.databases import PostgresServer


@pytest.fixture
def database(postgres: PostgresServer) -> Generator[Database]:
    with postgres.copy() as made:
        yield made


def _page_cost(database: Database) -> str | None:
    with database.reading() as session:
        return session.scalar(text("SHOW random_page_cost"))


def test_the_planner_expects_a_disk_without_an_arm(database: Database) -> None:
    assert _page_cost(database) == str(PAGE_COST)


def test_it_stays_so_after_an_error(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.begin():
        _ = 1 / 0
    assert _page_cost(database) == str(PAGE_COST)


def test_what_the_server_was_told_is_kept(database: Database) -> None:
    told = database.url.update_query_dict({"options": "-c random_page_cost=2.5"})
    own = Database(told.render_as_string(hide_password=False))
    try:
        assert _page_cost(own) == "2.5"
    finally:
        own.dispose()
