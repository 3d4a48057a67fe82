"""Names of time zones, as they are typed and as they may stand in a database."""

from zoneinfo import available_timezones

import pytest

from segments import zone_names
from segments.errors import Invalid


@pytest.mark.parametrize("typed", ["Asia/Hong_Kong", "asia/hong_kong", " Asia/Hong Kong "])
def test_a_name_is_found_however_it_is_written(typed: str) -> None:
    assert zone_names.read(typed) == "Asia/Hong_Kong"


# A folder of zones and a very long name make ZoneInfo fail as files do, not as names do.
@pytest.mark.parametrize(
    "typed",
    ["", "Asia", "America/Argentina", "x" * 300, "a\x00b", "../etc/localtime", "Mars/North", "localtime"],
)
def test_what_is_no_zone_is_refused_by_its_code(typed: str) -> None:
    assert zone_names.find(typed) is None
    with pytest.raises(Invalid) as refused:
        zone_names.read(typed)
    assert (refused.value.code, refused.value.params["given"]) == ("timezone_unknown", typed[:64])


def test_every_name_fits_its_column_and_is_its_own() -> None:
    names = available_timezones() - {"localtime", "Factory"}
    assert max(map(len, names)) <= zone_names.LONGEST
    assert {zone_names.read(name) for name in names} == names
