"""What never reaches a log."""

from bot.logging import HIDDEN, redact


def test_secrets_and_what_people_said_are_blanked_by_the_name_of_their_field() -> None:
    fields = redact(
        None,
        "info",
        {"event": "sent", "access_token": "t", "password": "p", "text": "こんにちは", "friend_id": 3},
    )
    assert fields == {
        "event": "sent",
        "access_token": HIDDEN,
        "password": HIDDEN,
        "text": HIDDEN,
        "friend_id": 3,
    }


def test_keys_are_blanked_wherever_they_stand() -> None:
    said = "Authorization: Bearer abc.def-123 and kk_0123456789abcdefXYZ"
    assert redact(None, "info", {"event": said})["event"] == f"Authorization: Bearer {HIDDEN} and {HIDDEN}"
