"""compose.yaml, the image and the manual's commands, held against the program: nobody runs containers here."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cli import COMMANDS
from bot.settings import Settings
from tests.processes import ROOT

OF_THE_IMAGE = {"KOKYAKU_DATA", "KOKYAKU_HOST", "KOKYAKU_PORT"}
"""Settings that the image fixes, or leaves as they are because compose publishes the port."""
OF_SERVE = {"KOKYAKU_SIMULATOR_PORT"}
"""Settings of `kokyaku serve` alone."""
MANUALS = [ROOT / "docs" / name for name in ("operations.md", "operations.ja.md")]
PROCESSES = ("web", "web2", "worker")
VARIABLE = re.compile(r"\$\{([A-Z_]+)(:[-?])")


def read() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


def commands(manual: Path) -> list[list[str]]:
    """Return the manual's `docker compose` commands in words, without what a shell does with them."""
    text = manual.read_text(encoding="utf-8")
    found = re.findall(r"(?:^|`)docker compose ([^#<>|&`\n]+)", text, re.MULTILINE)
    return [shlex.split(each) for each in found]


@pytest.mark.parametrize("process", PROCESSES)
def test_every_setting_of_the_program_is_handed_on(process: str) -> None:
    environment: dict[str, str] = read()["services"][process]["environment"]
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    assert set(environment) == known - OF_THE_IMAGE - OF_SERVE
    for name, value in environment.items():
        if name != "KOKYAKU_DATABASE_URL":
            assert VARIABLE.match(value), f"{name} comes from .env"
            assert value.startswith(f"${{{name}:")


def test_a_setting_that_nobody_made_is_empty_and_so_the_programs_own() -> None:
    defaults = re.findall(r"\$\{((?:KOKYAKU|LINE)_[A-Z_]+):-([^}]*)\}", str(read()["x-kokyaku"]))
    assert defaults
    assert {default for _, default in defaults} == {""}


def test_the_image_has_what_compose_leaves_to_it() -> None:
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert 'ENTRYPOINT ["kokyaku"]' in image, "so `run` takes a command without the word kokyaku"
    assert "KOKYAKU_HOST=0.0.0.0" in image
    assert "KOKYAKU_DATA=" in image
    assert f"EXPOSE {Settings.model_fields['port'].default}" in image


def test_services_run_commands_of_the_program_and_one_of_them_builds() -> None:
    services = read()["services"]
    assert {services[name]["command"][0] for name in PROCESSES} <= set(COMMANDS)
    assert [name for name in services if "build" in services[name]] == ["web"]
    ports = [port for name in services for port in services[name].get("ports", [])]
    assert len({port.rsplit(":", 1)[0] for port in ports}) == len(ports), "no two at one address"


@pytest.mark.parametrize("manual", MANUALS, ids=lambda path: path.name)
def test_the_manual_names_services_and_commands_there_are(manual: Path) -> None:
    services, told = set(read()["services"]), commands(manual)
    assert len(told) > 10
    for verb, *words in told:
        named = [word for word in words if not word.startswith("-") and "=" not in word]
        if verb == "run":
            assert named[0] in services
            assert named[1] in COMMANDS
        elif verb == "exec":
            assert named[:1] == ["database"], "a tool of PostgreSQL's"
        else:
            assert set(named) <= services, words


def test_both_manuals_type_the_same() -> None:
    first, second = (commands(manual) for manual in MANUALS)
    assert first == second


@pytest.mark.parametrize("manual", MANUALS, ids=lambda path: path.name)
def test_the_manual_names_every_variable_of_the_file_that_is_no_setting(manual: Path) -> None:
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    asked = {name for name, _ in VARIABLE.findall((ROOT / "compose.yaml").read_text(encoding="utf-8"))}
    text = manual.read_text(encoding="utf-8")
    assert [
        name for name in sorted(asked - known) if f"`{name}`" not in text and f"{name}=" not in text
    ] == []
