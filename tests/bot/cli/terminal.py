"""A terminal of a shop: runs whole `kokyaku` commands with an environment of its own."""

from dataclasses import dataclass, field
from pathlib import Path

from click.testing import CliRunner, Result

from bot.cli import main
from segments.db import Database
from tests.processes import SECRET, TOKEN

NOBODY = "http://127.0.0.1:9"
"""Where nobody listens: a shop without a network."""


@dataclass(frozen=True)
class Terminal:
    """Commands as an operator types them, through the real wiring."""

    database: Database
    folder: Path
    language: str = "ja"
    line_url: str = NOBODY
    more: dict[str, str] = field(default_factory=dict[str, str])

    def run(self, *words: str, **environment: str) -> Result:
        """Run `kokyaku WORDS`; `environment` wins over the terminal's own."""
        own = {
            "KOKYAKU_DATABASE_URL": self.database.url.render_as_string(hide_password=False),
            "KOKYAKU_DATA": str(self.folder),
            "KOKYAKU_LANGUAGE": self.language,
            "LINE_API_BASE_URL": self.line_url,
            "LINE_CHANNEL_SECRET": SECRET,
            "LINE_CHANNEL_ACCESS_TOKEN": TOKEN,
        }
        return CliRunner(env=own | self.more | environment).invoke(main, list(words))

    def refusal(self, *words: str, **environment: str) -> str:
        """Run a command that is refused; return its sentence. No traceback, no other status than 1."""
        result = self.run(*words, **environment)
        assert result.exit_code == 1, result.output
        assert isinstance(result.exception, SystemExit), result.exc_info
        # An import draws its bar before; nothing comes behind.
        _, error, sentence = result.stderr.rpartition("Error: ")
        assert error, result.stderr
        return sentence.strip()
