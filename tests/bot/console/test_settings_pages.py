"""Every page of the settings opens, for who may change them and for who may only look, in both languages."""

import pytest

from bot.models import Role
from tests.bot.browsing import Visitor

BASE = "/console/settings/"
PAGES = [
    "",
    "connection/",
    "policies/",
    *(
        f"policies/{name}{page}"
        for name in ("stages", "growth", "classes", "rfm")
        for page in ("", "/history")
    ),
    "sending/",
    *(f"sending/{name}" for name in ("contact", "trust", "control", "quiet-hours", "together", "mail")),
    *(f"sending/{name}/history" for name in ("contact", "trust", "control")),
]
OWNERS_PAGES = ["staff/", "api-keys/", "audit/"]


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("role", [Role.OWNER, Role.VIEWER])
def test_the_pages_open(visitor: Visitor, role: Role, language: str) -> None:
    visitor.log_in(role)
    visitor.post("/console/language", {"language": language, "next": "/console/"})
    pages = [*PAGES, *(OWNERS_PAGES if role is Role.OWNER else [])]
    answers = {page: visitor.get(BASE + page) for page in pages}
    assert {page: answer.status_code for page, answer in answers.items()} == dict.fromkeys(pages, 200)
    if role is Role.VIEWER:
        unlocked = {
            page
            for page, answer in answers.items()
            if 'method="post"' in answer.text.split("<main", 1)[1] and "<fieldset disabled" not in answer.text
        }
        assert unlocked == set()


def test_what_is_not_there_is_said_to_be_missing(visitor: Visitor) -> None:
    visitor.log_in()
    wrong = [
        "policies/nothing",
        "policies/stages/trials/99",
        "policies/stages?version=99",
        "sending/nothing/history",
        "sending/trust?version=99",
        "staff/99",
        "api-keys/99/revoke",
    ]
    assert {page: visitor.get(BASE + page).status_code for page in wrong} == dict.fromkeys(wrong, 404)
