"""Which role may open what: every address of the console, one line each."""

import pytest
from flask import Flask

from bot.console.access import ALLOWED_ROLES
from bot.models import Role
from tests.bot.browsing import Visitor

OPEN = {"auth.login", "auth.log_in", "auth.language"}
ALL = set(Role)
READ = {Role.OWNER, Role.OPERATOR, Role.VIEWER}
SEND = {Role.OWNER, Role.OPERATOR}
TILL = {Role.OWNER, Role.OPERATOR, Role.TILL}

TABLE = {
    "home.show": ALL,
    "friends.index": READ,
    "friends.show": READ,
    "broadcasts.index": READ,
    "broadcasts.new": SEND,
    "broadcasts.edit": SEND,
    "broadcasts.confirm": SEND,
    "broadcasts.test": SEND,
    "broadcasts.send": SEND,
    "watching.show": READ,
    "watching.progress": READ,
    "watching.pause": SEND,
    "watching.resume": SEND,
    "watching.ask_cancel": SEND,
    "watching.cancel": SEND,
    "questions.index": READ,
    "questions.mark_answered": SEND,
    "questions.answer": SEND,
    "complaints.record": SEND,
    "complaints.withdraw": SEND,
    "scenarios.index": READ,
    "scenarios.pause": SEND,
    "scenarios.resume": SEND,
    "scenarios.pause_step": SEND,
    "scenarios.resume_step": SEND,
    "scenario.show": READ,
    "scenario.new": SEND,
    "scenario.create": SEND,
    "scenario.edit": SEND,
    "scenario.save": SEND,
    "scenario.export": READ,
    "scenario.import_file": SEND,
    "scenario.try_friend": READ,
    "scenario.ask_pause": SEND,
    "scenario.ask_delete": SEND,
    "scenario.delete": SEND,
    "scenario_steps.new": SEND,
    "scenario_steps.create": SEND,
    "scenario_steps.edit": SEND,
    "scenario_steps.save": SEND,
    "scenario_steps.ask_pause": SEND,
    "scenario_steps.ask_move": SEND,
    "scenario_steps.move": SEND,
    "scenario_steps.ask_remove": SEND,
    "scenario_steps.remove": SEND,
    "steps.edit": READ,
    "steps.save": SEND,
    "coupons.index": READ,
    "coupons.save": SEND,
    "settings.show": READ,
    "settings.save": SEND,
    "parked.index": READ,
    "parked.retry": SEND,
    "parked.dismiss": SEND,
    "account.show": ALL,
    "account.save": ALL,
    "account.password": ALL,
    "account.log_out_everywhere": ALL,
    "auth.log_out": ALL,
    "till.show": TILL,
    "till.issue": TILL,
    "till.redeem": TILL,
}
PAGES = {
    "/console/friends/": READ,
    "/console/broadcasts/": READ,
    "/console/broadcasts/new": SEND,
    "/console/questions/": READ,
    "/console/parked/": READ,
    "/console/scenarios/": READ,
    "/console/scenarios/new": SEND,
    "/console/coupons/": READ,
    "/console/settings/": READ,
    "/console/till/": TILL,
    "/console/account/": ALL,
}
BUTTONS = {
    "/console/broadcasts/1/send": SEND,
    "/console/broadcasts/1/test": SEND,
    "/console/broadcasts/1/pause": SEND,
    "/console/broadcasts/1/cancel": SEND,
    "/console/questions/1/answered": SEND,
    "/console/questions/1/answer": SEND,
    "/console/questions/1/complaint": SEND,
    "/console/questions/1/complaint/withdraw": SEND,
    "/console/parked/1/retry": SEND,
    "/console/scenarios/1/pause": SEND,
    "/console/scenarios/1/resume": SEND,
    "/console/scenarios/steps/1/pause": SEND,
    "/console/scenarios/steps/1/resume": SEND,
    "/console/scenarios/steps/1": SEND,
    "/console/scenarios/new": SEND,
    "/console/scenarios/import": SEND,
    "/console/scenarios/1/delete": SEND,
    "/console/scenarios/1/settings": SEND,
    "/console/scenarios/1/steps/new?kind=wait": SEND,
    "/console/scenarios/steps/1/settings": SEND,
    "/console/scenarios/steps/1/move/up": SEND,
    "/console/scenarios/steps/1/remove": SEND,
    "/console/coupons/referral_newcomer": SEND,
    "/console/settings/": SEND,
    "/console/till/coupon": TILL,
    "/console/till/": TILL,
}


def test_every_address_of_the_console_says_who_may_open_it(app: Flask) -> None:
    """A route somebody adds without `requires` fails here, and so does one that opens to more than this table."""
    found = {
        rule.endpoint: getattr(app.view_functions[rule.endpoint], ALLOWED_ROLES, None)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/console") and rule.endpoint not in OPEN
    }
    assert [endpoint for endpoint, roles in found.items() if roles is None] == []
    assert {endpoint: set(found[endpoint] or ()) for endpoint in TABLE} == TABLE


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_its_pages_and_no_others(visitor: Visitor, role: Role) -> None:
    visitor.log_in(role)
    seen = {path: visitor.get(path).status_code for path in PAGES}
    assert seen == {path: 200 if role in roles else 403 for path, roles in PAGES.items()}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_presses_its_buttons_and_no_others(visitor: Visitor, role: Role) -> None:
    visitor.log_in(role)
    refused = {path: visitor.post(path).status_code == 403 for path in BUTTONS}
    assert refused == {path: role not in roles for path, roles in BUTTONS.items()}


def test_the_till_lands_on_its_own_page(visitor: Visitor) -> None:
    visitor.log_in(Role.TILL)
    assert visitor.get("/console/").location == "/console/till/"


def test_a_viewer_sees_no_button_that_sends(visitor: Visitor) -> None:
    visitor.log_in(Role.VIEWER)
    assert (
        "/console/broadcasts/new"
        not in visitor.get("/console/").text + visitor.get("/console/broadcasts/").text
    )
