"""The rules of sending in the console: tried, saved as versions, never overwritten unseen."""

from datetime import time, timedelta
from typing import Any

import pytest

from bot.models import Role
from bot.policy_words import THRESHOLDS
from scheduler import bundling, control_groups, mail_settings
from scheduler.control_groups import ControlPolicy
from scheduler.mail_settings import MailSettings
from scheduler.models import Message
from segments import contact_policy, shop, trust_policy
from segments.contact_policy import Limits
from segments.trust_policy import TrustPolicy
from tests.bot.browsing import Forms, Visitor
from tests.builders import a_friend, a_scenario, days_ago

PAGE = "/console/settings/sending/"


def typed(visitor: Visitor, name: str) -> dict[str, Any]:
    form = next(each for each in visitor.forms(PAGE + name) if "seen" in each.fields)
    return {field: values[0] for field, values in form.fields.items()}


def test_limits_of_one_stage_are_saved_and_the_others_follow_everybodys(visitor: Visitor) -> None:
    visitor.log_in()
    fields = typed(visitor, "contact") | {"default-week": "3", "regular-own": "1", "regular-week": "２"}
    fields.pop("exit-own")
    assert visitor.submit(f"{PAGE}contact", fields).location == PAGE
    with visitor.services.database.reading() as session:
        plan = contact_policy.in_force(session)
    assert (plan.of("regular").week, plan.of("existing").week, plan.of("exit").week) == (2, 3, 3)
    history = visitor.get(f"{PAGE}contact/history").text
    assert "7日間の上限（通）: 4 → 3" in history
    assert "花子" in history


def test_a_plan_is_tried_on_everybody_before_it_is_saved(visitor: Visitor) -> None:
    visitor.log_in()
    with visitor.services.database.begin() as session:
        a_friend(session)
    fields = typed(visitor, "contact") | {"aware-floor": "2", "try": "1"}
    page = visitor.submit(f"{PAGE}contact", fields).text
    assert "まだ保存していません" in page
    assert ">0 → 1<" in page
    assert 'name="aware-floor" value="2"' in page
    with visitor.services.database.reading() as session:
        assert contact_policy.in_force(session).of("aware").floor == 0


@pytest.mark.parametrize(
    ("name", "field", "value", "words"),
    [
        ("contact", "default-week", "13", "30日間の上限以下"),
        ("contact", "exit-floor", "3", "30日間の上限以下"),
        ("contact", "default-sales_percent", "101", "0から100までの数字"),
        ("contact", "closed_days", "7", "休業日の扱いを選んで"),
        ("trust", "complaint", "-5", "0から100までの数字"),
        ("control", "percent", "51", "0から50までの数字"),
        ("together", "minutes", "361", "0から360までの数字"),
        ("quiet-hours", "quiet_from", "25:00", "21:00 のように"),
        ("quiet-hours", "quiet_until", "", "21:00 のように"),
        ("mail", "contact", "", "それぞれ1行で入力"),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_nothing_is_lost(
    visitor: Visitor, name: str, field: str, value: str, words: str
) -> None:
    visitor.log_in()
    filled = {"name": "みどり茶舗", "postal_address": "東京都", "contact": "03"} if name == "mail" else {}
    answer = visitor.submit(PAGE + name, typed(visitor, name) | filled | {field: value})
    assert answer.status_code == 422
    place = answer.text.index(f'id="{field}-error"')
    assert words in answer.text[place : place + 300]
    if name == "mail":
        assert 'value="みどり茶舗"' in answer.text


def test_weights_of_trust_and_the_control_group_are_saved(visitor: Visitor) -> None:
    visitor.log_in()
    visitor.submit(f"{PAGE}trust", typed(visitor, "trust") | {"purchase": "7"})
    with visitor.services.database.begin() as session:
        a_friend(session)
    tried = visitor.submit(f"{PAGE}control", typed(visitor, "control") | {"percent": "50", "try": "1"})
    assert "友だち1人のうち" in tried.text
    visitor.submit(f"{PAGE}control", typed(visitor, "control") | {"percent": "10"})
    with visitor.services.database.reading() as session:
        assert trust_policy.in_force(session).purchase == 7
        assert control_groups.in_force(session).percent == 10


def test_an_older_version_is_filled_in_and_saved_again(visitor: Visitor) -> None:
    visitor.log_in()
    for points in ("7", "8"):
        visitor.submit(f"{PAGE}trust", typed(visitor, "trust") | {"purchase": points})
    assert "購入: 7 → 8" in visitor.get(f"{PAGE}trust/history").text
    older = typed(visitor, "trust?version=1")
    assert older["purchase"] == "7"
    visitor.submit(f"{PAGE}trust", older)
    with visitor.services.database.reading() as session:
        assert trust_policy.in_force(session).purchase == 7


@pytest.mark.parametrize(
    ("name", "mine", "theirs"),
    [
        ("trust", {"purchase": "7"}, {"purchase": "8"}),
        ("contact", {"default-week": "3"}, {"default-week": "2"}),
        ("together", {"minutes": "10"}, {"minutes": "20"}),
        ("quiet-hours", {"quiet_from": "20:00"}, {"quiet_from": "19:00"}),
        (
            "mail",
            {"name": "a", "postal_address": "b", "contact": "c"},
            {"name": "x", "postal_address": "y", "contact": "z"},
        ),
    ],
)
def test_who_saves_later_is_told_and_overwrites_only_on_purpose(
    visitor: Visitor, name: str, mine: dict[str, str], theirs: dict[str, str]
) -> None:
    visitor.log_in()
    opened = typed(visitor, name)
    visitor.submit(PAGE + name, opened | theirs)
    late = visitor.submit(PAGE + name, opened | mine)
    assert late.status_code == 422
    assert "ほかの人がこの設定を変えました" in late.text
    again = next(form for form in Forms(late.text).found if "seen" in form.fields)
    kept = {field: values[0] for field, values in again.fields.items()}
    assert mine.items() <= kept.items()
    assert visitor.submit(PAGE + name, kept).location == PAGE


def test_steps_that_wait_for_a_reply_are_listed_with_the_way_to_their_setting(visitor: Visitor) -> None:
    visitor.log_in()
    assert "返信を待つステップはありません" in visitor.get(f"{PAGE}together").text
    with visitor.services.database.begin() as session:
        waits, gone = {"rides_for": timedelta(hours=30)}, {"name": "外した", "removed_at": days_ago(1)}
        made = a_scenario(session, waits, {}, waits | gone, name="お手入れ", name_en="Care")
        step = made.steps[0].id
        title = session.get_one(Message, made.steps[0].message_id).name
    page = visitor.get(f"{PAGE}together").text
    assert f"お手入れ / {title}" in page
    assert "最長1日 6時間待ちます" in page
    assert "外した" not in page
    assert "無料の返信に添えるステップ: 1件" in visitor.get(PAGE).text
    way = f"/console/scenarios/steps/{step}/settings#rides_hours"
    assert f'href="{way}"' in page
    assert 'id="rides_hours"' in visitor.get(way).text
    visitor.post("/console/language", {"language": "en"})
    assert f"Care / {title}" in visitor.get(f"{PAGE}together").text
    visitor.post("/console/language", {"language": "ja"})
    visitor.log_in(Role.VIEWER, "viewer")
    seen = visitor.get(f"{PAGE}together").text
    assert f'href="/console/scenarios/{made.id}#step-{step}"' in seen


def test_quiet_hours_bundling_and_mail_are_saved(visitor: Visitor) -> None:
    visitor.log_in()
    visitor.submit(
        f"{PAGE}quiet-hours", typed(visitor, "quiet-hours") | {"quiet_from": "20:00", "quiet_until": "08:30"}
    )
    visitor.submit(f"{PAGE}together", typed(visitor, "together") | {"minutes": "45"})
    imprint = {"name": "みどり茶舗", "postal_address": "東京都", "contact": "03-0000-0000"}
    visitor.submit(f"{PAGE}mail", typed(visitor, "mail") | imprint)
    with visitor.services.database.reading() as session:
        stored = shop.load(session)
        assert (stored.quiet_from, stored.quiet_until) == (time(20), time(8, 30))
        assert bundling.policy(session).window == timedelta(minutes=45)
        assert mail_settings.load(session) == MailSettings(**imprint)
    page = visitor.get(PAGE).text
    assert "20:00〜翌8:30" in page
    assert "最長45分待って" in page


def test_every_number_has_words() -> None:
    for name, kind in (("contact", Limits), ("trust", TrustPolicy), ("control", ControlPolicy)):
        assert list(kind().to_json()) == list(THRESHOLDS[name])
