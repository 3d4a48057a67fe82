"""A column of JSON that is kept to the byte, because what is sent again must be what was sent first."""

import json
from typing import Any

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator


class SentJson(TypeDecorator[Any]):
    """JSON in a text column: a value to whoever reads it, and text that is written already goes in as it is."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Encode a value; text is taken for JSON."""
        if value is None or isinstance(value, str):
            return value
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Decode it again."""
        return None if value is None else json.loads(value)
