"""Types of the part of Flask-WTF that we use: it ships none."""

from typing import Any

from flask_wtf.csrf import CSRFProtect as CSRFProtect
from wtforms import Form

class FlaskForm(Form):
    errors: dict[str, list[str]]
    data: dict[str, Any]
    def __init__(self, formdata: Any = ..., obj: object = ..., data: dict[str, Any] | None = ...) -> None: ...
    def is_submitted(self) -> bool: ...
    def validate(self, extra_validators: Any = None) -> bool: ...
    def validate_on_submit(self) -> bool: ...
