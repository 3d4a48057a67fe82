"""Has LINE check a message before it is stored; never with a transaction open, for LINE may take its time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scheduler import messages
from scheduler.gateway import GatewayError, MessageGateway, RefusedByLine
from scheduler.sample_facts import sample_facts
from segments.errors import Invalid
from segments.shop import Shop


def ask_line(gateway: MessageGateway, content: Mapping[str, Any], settings: Shop, now: datetime) -> bool:
    """Have LINE check what a made-up friend would get in each language; False when LINE could not be asked.

    `content` has passed `messages.check`. Raises Invalid, each with the language of the text that is meant:
    message_not_renderable(reason, language), line_refused(details, language).
    """
    for language in content:
        try:
            said = messages.render(content, language, sample_facts(settings, language, now))
            gateway.validate("push", said)
        except messages.RenderError as error:
            raise Invalid("message_not_renderable", reason=error.reason, language=language) from error
        except RefusedByLine as error:
            details = "; ".join(f"{place}: {problem}" for place, problem in error.details) or str(error)
            raise Invalid("line_refused", details=details[:500], language=language) from error
        except GatewayError:
            return False
    return True
