"""What sending costs this month, and the kill switch, for the shop's other systems."""

from typing import Any

import pytest

from bot.services import Services
from scheduler import kill_switch, meter, quota
from scheduler.gateway import Quota
from segments import shop
from segments.shop import Shop
from tests.bot.api.conftest import Caller
from tests.fakes.clock import A_SATURDAY


def test_the_month_is_told_with_its_budget_and_plans(caller: Caller, services: Services) -> None:
    with services.database.begin() as session:
        quota.choose_plan(session, "light", A_SATURDAY)
        shop.save(session, Shop(monthly_budget_yen=9_000), A_SATURDAY)
        meter.claim(session, 150, A_SATURDAY, sales=False)
        quota.note_use(session, Quota(5_000, 160), A_SATURDAY)
    answer: Any = caller.get("/quota").json
    assert (answer["month"], answer["plan"], answer["bill_yen"]) == ("2026-11", "light", 5_000)
    assert (answer["used"], answer["ours"], answer["beyond_ours"], answer["line_used"]) == (160, 150, 10, 160)
    assert (answer["limit"], answer["budget_yen"], answer["held"]) == (5_000, 9_000, 0)
    assert (answer["forecast"]["cheapest_plan"], answer["forecast"]["saves_yen"]) == ("communication", 5_000)
    assert [plan["bill_yen"] for plan in answer["plans"]] == [0, 5_000, 15_000]
    assert answer["last_check"] is None


def test_everything_is_stopped_and_started_again_and_twice_is_no_trouble(
    caller: Caller, services: Services
) -> None:
    wanted = {"stopped": True, "reason": "誤配信"}
    assert caller.put("/kill-switch", wanted).status_code == 200
    stopped = caller.put("/kill-switch", wanted)
    assert stopped.json == {
        "stopped": True,
        "by": "api:1",
        "at": A_SATURDAY.isoformat().replace("+00:00", "Z"),
        "reason": "誤配信",
    }
    with services.database.reading() as session:
        assert kill_switch.is_stopped(session)
        assert len(kill_switch.turns(session)) == 1
    assert caller.put("/kill-switch", {"stopped": False}).json != stopped.json
    answer: Any = caller.get("/kill-switch").json
    assert (answer["stopped"], answer["by"]) == (False, "api:1")


@pytest.mark.parametrize("body", [{}, {"stopped": "yes"}, {"stopped": True, "reason": "あ" * 201}, []])
def test_what_says_neither_is_refused(caller: Caller, body: Any) -> None:
    assert caller.put("/kill-switch", body).status_code == 422
