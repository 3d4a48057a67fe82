"""Setting mail up, importing agreements, and the API."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.mail.wiring import Missing, missing
from bot.settings import Settings
from segments import mail_consent
from segments.db import Database
from segments.models import Friend
from tests.bot.cli.terminal import Terminal
from tests.bot.mail.postbox import a_postbox
from tests.builders import a_friend, days_ago


@pytest.mark.parametrize(
    ("url", "sender", "public", "lacking"),
    [
        ("", "", "", Missing.SERVER),
        ("mail.example", "shop@tea.example", "https://tea.example", Missing.SERVER_UNREADABLE),
        ("smtps://mail.example", "shop", "https://tea.example", Missing.SENDER),
        ("smtps://mail.example", "shop@tea.example", "", Missing.PUBLIC_URL),
        ("smtps://mail.example", "shop@tea.example", "http://tea.example", Missing.PUBLIC_URL),
        ("smtps://mail.example", "shop@tea.example", "https://tea.example", None),
    ],
)
def test_what_is_missing_is_named(url: str, sender: str, public: str, lacking: Missing | None) -> None:
    settings = Settings.model_construct(smtp_url=SecretStr(url), mail_from=sender, public_url=public)

    assert missing(settings) is lacking


def test_mail_is_set_up_and_tried_from_the_terminal(sqlite: Database, tmp_path: Path) -> None:
    with a_postbox() as box:
        more = {
            "KOKYAKU_SMTP_URL": f"smtp://127.0.0.1:{box.port}",
            "KOKYAKU_MAIL_FROM": "shop@tea.example",
            "KOKYAKU_PUBLIC_URL": "https://tea.example",
        }
        terminal = Terminal(sqlite, tmp_path, more=more)
        assert "mail set" in terminal.refusal("mail", "test", "owner@example.com")
        terminal.run(
            "mail", "set", "--name", "みどり茶舗", "--address", "東京都", "--contact", "03-0000-0000"
        )

        assert terminal.run("mail", "test", "owner@example.com").exit_code == 0

    assert box.recipients == ["owner@example.com"]
    assert "no_server" in terminal.refusal("mail", "test", "owner@example.com")


def test_agreements_are_imported_and_never_outweigh_a_refusal(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.begin() as session:
        refused = a_friend(session, member_number="3", email_opted_out_at=days_ago(1)).id
    file = tmp_path / "friends.csv"
    rows = ["1,a@example.com,はい", "2,b@example.com,", "3,c@example.com,はい", "4,d@example.com,2026-01-05"]
    file.write_text("会員番号,メールアドレス,メール同意\n" + "\n".join(rows), encoding="utf-8")
    terminal = Terminal(sqlite, tmp_path / "data")

    for _ in range(2):
        assert terminal.run("import", "friends", str(file)).exit_code == 0

    with sqlite.reading() as session:
        everyone = session.query(Friend).all()
        reached = mail_consent.addresses(session, [each.id for each in everyone])
    assert set(reached.values()) == {"a@example.com", "d@example.com"}
    assert refused not in reached
