"""Settings as they come out of an environment: what is empty there counts as not set."""

from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.settings import Settings

NUMBERS = (
    "KOKYAKU_PORT",
    "KOKYAKU_PUSHES_PER_SECOND",
    "KOKYAKU_MULTICASTS_PER_SECOND",
    "KOKYAKU_MAILS_PER_MINUTE",
)


def names() -> list[str]:
    return [str(field.validation_alias) for field in Settings.model_fields.values()]


def settings_of(folder: Path, **environment: str) -> Settings:
    """In a folder of its own, where no `.env` of the reader's lies."""
    nothing = dict.fromkeys(names())
    with CliRunner(env=nothing | environment).isolation(), chdir(folder):
        return Settings()  # pyright: ignore[reportCallIssue] — values come from the environment


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_environment_of_empty_values_is_that_of_nobody_who_set_anything(
    tmp_path: Path, empty: str
) -> None:
    unset = settings_of(tmp_path)
    assert settings_of(tmp_path, **dict.fromkeys(names(), empty)) == unset
    assert (unset.port, unset.timezone, unset.mails_per_minute) == (8000, "Asia/Tokyo", 60)


def test_an_empty_value_of_the_environment_still_outweighs_the_file(
    tmp_path: Path,
) -> None:
    (tmp_path / ".env").write_text("KOKYAKU_LANGUAGE=en\nKOKYAKU_SMTP_URL=smtp://mail\n", encoding="utf-8")
    settings = settings_of(tmp_path, KOKYAKU_SMTP_URL="")
    assert (settings.language, settings.smtp_url.get_secret_value()) == ("en", "")


@pytest.mark.parametrize("name", NUMBERS)
def test_a_word_is_no_number(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        settings_of(tmp_path, **{name: "多め"})
