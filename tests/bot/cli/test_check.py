"""`kokyaku check` over HTTP: what it can say of a right, a wrong and a silent LINE."""

from collections.abc import Generator
from pathlib import Path

import pytest

from bot.simulator.config import SimulatorConfig
from bot.simulator.server import start
from segments.db import Database
from tests.bot.cli.terminal import Terminal
from tests.fakes.simulator import SimulatorClient
from tests.processes import SECRET, TOKEN


@pytest.fixture
def line() -> Generator[SimulatorClient]:
    with start(SimulatorConfig(channel_secret=SECRET, channel_access_tokens=(TOKEN,))) as running:
        yield SimulatorClient(running.url)


@pytest.fixture
def terminal(sqlite: Database, tmp_path: Path, line: SimulatorClient) -> Terminal:
    return Terminal(sqlite, tmp_path, line_url=line.url)


def wrong(terminal: Terminal, **environment: str) -> list[str]:
    """Run a check that finds something wrong; return what that is."""
    result = terminal.run("check", **environment)
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), result.exc_info
    return [each.removeprefix("✗ ") for each in result.stdout.splitlines() if each.startswith("✗")]


def test_a_wrong_token_is_named_with_what_to_do(terminal: Terminal) -> None:
    said = wrong(terminal, LINE_CHANNEL_ACCESS_TOKEN="mistyped")
    assert "チャネルアクセストークンがLINEに認められません（401）。" in said[0]
    assert "LINE_CHANNEL_ACCESS_TOKEN に設定してください。" in said[0]
    english = wrong(terminal, LINE_CHANNEL_ACCESS_TOKEN="mistyped", KOKYAKU_LANGUAGE="en")
    assert english[0].startswith("LINE does not accept the channel access token (401).")


def test_without_a_network_it_says_so_and_blames_no_token(sqlite: Database, tmp_path: Path) -> None:
    for language, words in (("ja", "ネットワークと LINE_API_BASE_URL を確かめ"), ("en", "Check the network")):
        said = wrong(Terminal(sqlite, tmp_path, language))
        assert len(said) == 3, "token, webhook and quota cannot be asked; the secret needs no network"
        assert all(words in each for each in said)


def test_a_used_up_quota_and_a_missing_webhook_are_told_beside_a_good_token(
    terminal: Terminal, line: SimulatorClient
) -> None:
    line.quota(value=200, used=200)
    result = terminal.run("check")
    assert "✓ アクセストークンは有効です：固客シミュレーター" in result.stdout
    assert "✗ 今月の配信：200／200通" in result.stdout
    assert "使い切っています" in result.stdout
    assert "✗ Webhook URLが設定されていません。" in result.stdout
    assert result.exit_code == 1


def test_a_shop_without_credentials_is_told_which_to_set_and_asks_nobody(
    sqlite: Database, tmp_path: Path
) -> None:
    terminal = Terminal(sqlite, tmp_path)
    said = terminal.refusal("check", LINE_CHANNEL_SECRET="", LINE_CHANNEL_ACCESS_TOKEN="")
    assert "LINE_CHANNEL_SECRET" in said
    assert "LINE_CHANNEL_ACCESS_TOKEN" in said
