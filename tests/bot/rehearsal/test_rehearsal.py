"""What a rehearsal foretells, and that it touches nothing."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.rehearsal import words
from bot.rehearsal.as_json import to_json
from bot.rehearsal.figures import CampaignFigures, Figures
from bot.rehearsal.life import Wish
from bot.rehearsal.run import rehearse
from bot.settings import Settings
from scheduler import kill_switch, mail_settings, quota
from scheduler.enrolments import enrol
from scheduler.gateway import Quota
from scheduler.mail_settings import MailSettings
from segments import shop
from segments.db import Database
from segments.errors import Invalid
from tests.bot.rehearsal.shops import a_broadcast, a_shop, a_tea_shop, everything, settings_in
from tests.builders import a_friend, a_scenario, days_ago
from tests.fakes.clock import A_SATURDAY

TUESDAY = date(2026, 11, 24)


def rehearsed(database: Database, folder: Path, days: int = 5, *, purchases: bool = False) -> Figures:
    """Rehearse a few days from the tests' Saturday on."""
    figures = rehearse(settings_in(folder), database, Wish(days, purchases=purchases), A_SATURDAY)
    assert not figures.lived.problems
    return figures


def of(figures: Figures, name: str) -> CampaignFigures:
    """Return the figures of the campaign with a name."""
    return next(each for each in figures.campaigns if each.campaign.name == name)


def test_a_scheduled_broadcast_is_counted_on_its_day_and_nothing_is_touched(
    database: Database, tmp_path: Path
) -> None:
    with database.begin() as session:
        people = a_shop(session)
        people[0].blocked_at = people[1].opted_out_at = days_ago(1)
        a_broadcast(session, in_days=3)
    before = everything(database)

    figures = rehearsed(database, tmp_path)

    sent = of(figures, "新茶のご案内")
    assert dict(sent.by_day) == {TUESDAY: 10}
    assert dict(sent.skipped) == {"blocked": 1, "opted_out": 1}
    assert sent.state == "done"
    assert figures.lived.reachable == 11
    assert everything(database) == before
    assert list(tmp_path.iterdir()) == [] or database.is_sqlite


def test_what_is_sent_is_what_the_simulator_counts(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.begin() as session:
        a_shop(session)
        a_broadcast(session, in_days=3)
        a_broadcast(session, in_days=11, name="年末のご案内", text="{{ name_sama }}、年末のご案内です")

    figures = rehearsed(sqlite, tmp_path, days=12)

    assert figures.sent == 24
    assert [month.name for month in figures.months] == ["2026-11", "2026-12"]
    assert sum(month.messages for month in figures.months) == figures.sent
    assert sum(figures.by_day.values()) == figures.sent


def test_friends_buy_when_they_are_due_only_if_asked_and_alike_each_time(
    sqlite: Database, tmp_path: Path
) -> None:
    with sqlite.begin() as session:
        a_tea_shop(session)
    before = everything(sqlite)["purchases"]

    quiet = rehearsed(sqlite, tmp_path, 12)
    first, second = (rehearsed(sqlite, tmp_path, 12, purchases=True) for _ in range(2))

    assert quiet.lived.purchases is None
    assert first.lived.purchases
    assert first.sent > quiet.sent
    assert first.by_day == second.by_day
    assert first.lived.jumps == second.lived.jumps
    assert everything(sqlite)["purchases"] == before


def test_what_the_quota_has_no_room_for_waits_and_the_month_stays_within_it(
    sqlite: Database, tmp_path: Path
) -> None:
    with sqlite.begin() as session:
        a_shop(session)
        quota.choose_plan(session, "communication", A_SATURDAY)
        quota.note_use(session, Quota(200, 195), A_SATURDAY)
        a_broadcast(session, in_days=1, text="{{ name_sama }}、新茶です")

    figures = rehearsed(sqlite, tmp_path, 3)

    sent = of(figures, "新茶のご案内")
    assert sent.sent == 5
    assert sent.waiting.total() == 7
    assert sent.state != "done"
    assert figures.lived.used_before == 195
    assert figures.months[0].messages == 200


@pytest.mark.parametrize(
    ("plan", "budget", "included", "limit"),
    [
        ("standard", None, 30_000, None),
        ("standard", 18_000, 30_000, 31_000),
        ("light", None, 5_000, 5_000),
        ("light", 90_000, 5_000, 5_000),
    ],
)
def test_what_the_plan_includes_and_what_limits_the_month_are_told_apart(
    sqlite: Database, tmp_path: Path, plan: str, budget: int | None, included: int, limit: int | None
) -> None:
    with sqlite.begin() as session:
        a_shop(session, friends=1)
        quota.choose_plan(session, plan, A_SATURDAY)
        shop.save(session, shop.Shop(monthly_budget_yen=budget), A_SATURDAY)
        a_broadcast(session, in_days=1)

    figures = rehearsed(sqlite, tmp_path, 2)

    (month,) = figures.months
    assert (month.included, month.limit) == (included, limit)
    (told,) = to_json(figures)["months"]
    assert (told["included"], told["limit"]) == (included, limit)
    for language, none in (("ja", "なし"), ("en", "no limit")):
        table = words.tables(figures, language)[3]
        assert len(table.head) == len(table.rows[0])
        assert table.rows[0][2:4] == (f"{included:,}", none if limit is None else f"{limit:,}")


def test_what_line_said_it_allows_limits_the_month_whatever_the_plan(
    sqlite: Database, tmp_path: Path
) -> None:
    with sqlite.begin() as session:
        a_shop(session, friends=1)
        quota.choose_plan(session, "communication", A_SATURDAY)
        quota.note_use(session, Quota(30_000, 0), A_SATURDAY)
        a_broadcast(session, in_days=1)

    (month,) = rehearsed(sqlite, tmp_path, 2).months

    assert (month.included, month.limit) == (200, 30_000)


def test_a_stopped_shop_is_rehearsed_as_if_it_went_on(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.begin() as session:
        a_shop(session)
        kill_switch.stop_everything(session, "test", A_SATURDAY)
        a_broadcast(session, in_days=1)

    figures = rehearsed(sqlite, tmp_path, 2)

    assert figures.lived.kill_switch_lifted
    assert of(figures, "新茶のご案内").sent == 12
    with sqlite.reading() as session:
        assert kill_switch.is_stopped(session)


def test_the_friend_who_hears_most_is_named_with_their_busiest_week(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.begin() as session:
        friend = a_friend(session, display_name="常連さん", language="en")
        others = [a_friend(session) for _ in range(3)]
        for number in range(3):
            only = {"is": "language", "languages": ["en"]} if number else {"is": "everyone"}
            a_broadcast(session, in_days=1 + 5 * number, name=f"ご案内{number}", condition=only)

    figures = rehearsed(sqlite, tmp_path, 15)

    assert figures.heard == 1 + len(others)
    assert figures.listeners[0].friend_id == friend.id
    assert figures.listeners[0].name == "常連さん"
    assert figures.listeners[0].messages == 3
    assert figures.listeners[0].most_in_a_week == 2


def test_a_paused_scenario_stays_paused_and_costs_no_time(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.begin() as session:
        scenario = a_scenario(session, {"delay": timedelta(hours=1)})
        assert enrol(session, scenario, a_friend(session).id, "test", {}, A_SATURDAY)
        scenario.active = False

    figures = rehearsed(sqlite, tmp_path, 10)

    assert figures.sent == 0
    assert figures.lived.jumps < 10 * 6


def test_what_goes_by_mail_is_counted_and_reaches_no_mail_server(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.begin() as session:
        a_friend(session, blocked_at=days_ago(1), email="a@example.com", email_consent_at=days_ago(3))
        mail_settings.save(session, MailSettings("みどり茶舗", "東京都", "03-0000-0000"), A_SATURDAY)
        a_broadcast(session, in_days=1, by_mail=True)
    settings = Settings.model_construct(
        data=tmp_path,
        smtp_url=SecretStr("smtp://127.0.0.1:9"),
        mail_from="shop@tea.example",
        public_url="https://tea.example",
    )

    figures = rehearse(settings, sqlite, Wish(2), A_SATURDAY)

    assert dict(of(figures, "新茶のご案内").by_day) == {date(2026, 11, 22): 1}
    assert figures.months[0].messages == 0


@pytest.mark.parametrize("days", [0, -1, 367])
def test_days_out_of_range_are_refused(sqlite: Database, tmp_path: Path, days: int) -> None:
    with pytest.raises(Invalid, match="rehearsal_days"):
        rehearse(settings_in(tmp_path), sqlite, Wish(days), A_SATURDAY)


def test_an_interrupted_rehearsal_leaves_no_copy(sqlite: Database, tmp_path: Path) -> None:
    def interrupt(_days: int) -> None:
        raise KeyboardInterrupt

    data = tmp_path / "data"
    with pytest.raises(KeyboardInterrupt):
        rehearse(settings_in(data), sqlite, Wish(3), A_SATURDAY, interrupt)

    assert list(data.iterdir()) == []
