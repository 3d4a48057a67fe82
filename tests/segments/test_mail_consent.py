"""Who may be written to by mail."""

import pytest

from segments import mail_consent
from segments.db import Database
from segments.errors import Invalid
from tests.builders import a_friend, days_ago

ADDRESS = "hanako@example.com"


def test_only_who_agreed_and_has_a_living_address_is_written_to(database: Database) -> None:
    with database.begin() as session:
        agreed = a_friend(session, email=ADDRESS, email_consent_at=days_ago(3))
        silent = a_friend(session, email="b@example.com")
        bad = a_friend(session, email="c@example.com", email_consent_at=days_ago(3), email_bad_at=days_ago(1))
        without = a_friend(session, email="", email_consent_at=days_ago(3))
        ids = [each.id for each in (agreed, silent, bad, without)]

        assert mail_consent.addresses(session, ids) == {agreed.id: ADDRESS}


def test_a_refusal_outweighs_all_agreements_before_it_and_none_after(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        mail_consent.set_address(session, friend.id, ADDRESS, days_ago(5))
        assert mail_consent.refuse(session, friend.id, days_ago(3))
        assert mail_consent.addresses(session, [friend.id]) == {}

        mail_consent.set_address(session, friend.id, ADDRESS, days_ago(4))
        assert mail_consent.addresses(session, [friend.id]) == {}

        mail_consent.set_address(session, friend.id, ADDRESS, days_ago(1))
        assert mail_consent.addresses(session, [friend.id]) == {friend.id: ADDRESS}


def test_a_bad_address_is_mended_by_another_one_and_an_old_verdict_does_not_hit_it(
    database: Database,
) -> None:
    with database.begin() as session:
        friend = a_friend(session, email="old@example.com", email_consent_at=days_ago(9))
        mail_consent.note_bad(session, friend.id, "old@example.com", days_ago(3))
        assert mail_consent.addresses(session, [friend.id]) == {}
        session.expire_all()

        mail_consent.set_address(session, friend.id, ADDRESS, None)
        mail_consent.note_bad(session, friend.id, "old@example.com", days_ago(2))

        assert mail_consent.addresses(session, [friend.id]) == {friend.id: ADDRESS}


def test_what_is_erased_is_gone_but_the_refusal_stays(database: Database) -> None:
    with database.begin() as session:
        friend = a_friend(session)
        mail_consent.set_address(session, friend.id, ADDRESS, days_ago(5))
        mail_consent.refuse(session, friend.id, days_ago(3))
        mail_consent.erase(session, friend.id)

        assert friend.email is None
        assert friend.email_opted_out_at == days_ago(3)


@pytest.mark.parametrize("given", ["", "hanako", "a@b", "花子@example.com", "a b@example.com", "a@x.com\r\nBcc: b@x.com"])  # fmt: skip
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(Invalid, match="email_malformed"):
        mail_consent.checked(given)
