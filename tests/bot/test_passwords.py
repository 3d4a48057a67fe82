"""What a password must be, and how it is kept."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import passwords
from segments.errors import Invalid


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_short"),
        ("x" * 201, "password_long"),
        ("password123!", "password_common"),
        ("PasswordPassword", "password_common"),
        ("1234567890", "password_common"),
        ("zyxwvutsrq", "password_common"),
        ("aaaaaaaaaaaa", "password_common"),
        ("sakurasakura2026", "password_common"),
        ("hanako no mise", "password_login"),
    ],
)
def test_a_weak_password_is_refused_by_name(password: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        passwords.check(password, "hanako")
    assert refused.value.code == code


@pytest.mark.parametrize("password", ["ringo mikan budou", "きょうのおひるはうどん", "Tr0ub4dor&3xyz"])
def test_a_long_uncommon_password_is_taken(password: str) -> None:
    passwords.check(password, "hanako")


def test_a_one_time_password_passes_the_rules_and_is_never_the_same() -> None:
    made = {passwords.one_time() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        passwords.check(password, "owner")


def test_only_the_password_itself_proves_and_its_hash_does_not_tell_it() -> None:
    kept = passwords.hashed("ringo mikan budou")
    assert kept.startswith("$argon2id$")
    assert passwords.proves(kept, "ringo mikan budou")
    assert not passwords.proves(kept, "ringo mikan budo")
    assert not passwords.proves("no hash at all", "ringo mikan budou")
    assert not passwords.proves(passwords.hash_of_nobody(), "ringo mikan budou")


@given(st.text(max_size=300))
def test_checking_never_fails_in_another_way_than_a_refusal(password: str) -> None:
    with suppress(Invalid):
        passwords.check(password, "hanako")
        assert 10 <= len(password) <= 200
