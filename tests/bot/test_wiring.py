"""What is made once, when the program first starts."""

from pathlib import Path

from bot.settings import Settings
from bot.wiring import secret_key


def _settings(folder: Path) -> Settings:
    return Settings.model_validate({"KOKYAKU_DATA": str(folder), "KOKYAKU_SECRET_KEY": ""})


def test_the_key_that_signs_log_ins_is_made_once_and_readable_by_us_alone(tmp_path: Path) -> None:
    key = secret_key(_settings(tmp_path))
    assert len(key) >= 48
    assert secret_key(_settings(tmp_path)) == key
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_a_full_disk_left_empty_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()
    assert len(secret_key(_settings(tmp_path))) >= 48
