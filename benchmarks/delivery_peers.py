"""What sending is compared with: a bare aiohttp loop, and the loops one writes with line-bot-sdk."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# (line-bot-sdk ships no types.)

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any
from uuid import uuid4

import aiohttp
from linebot.v3.messaging import (
    ApiClient,
    Configuration,
    FlexContainer,
    FlexMessage,
    MessagingApi,
    PushMessageRequest,
)

CONNECTIONS = 250
"""As many as a worker of ours opens: with aiohttp's hundred, answers after 50 ms hold a loop to 2,000 a second."""
THREADS = 32


def bare_loop(url: str, bodies: list[bytes]) -> float:
    """Push bodies that are ready, from some hundred tasks of one loop, nothing written down; return pushes a second."""
    return asyncio.run(_bare(url, bodies))


async def _bare(url: str, bodies: list[bytes]) -> float:
    waiting = iter(bodies)
    address = url + "/v2/bot/message/push"

    async def sender(session: aiohttp.ClientSession) -> None:
        for body in waiting:
            headers = {
                "Authorization": "Bearer token",
                "Content-Type": "application/json",
                "X-Line-Retry-Key": str(uuid4()),
            }
            async with session.post(address, data=body, headers=headers) as answer:
                await answer.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:
        began = perf_counter()
        await asyncio.gather(*(sender(session) for _ in range(CONNECTIONS)))
        return len(bodies) / (perf_counter() - began)


def body_of(number: int, messages: list[dict[str, Any]]) -> bytes:
    """Return a push to friend `number`."""
    body = {"to": f"U{number:032x}", "messages": messages}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def sdk_loop(url: str, bubble: dict[str, Any], count: int, threads: int = 1) -> float:
    """Push with line-bot-sdk, one after another or from `threads`; return pushes a second."""
    with ApiClient(Configuration(host=url, access_token="token")) as client:  # noqa: S106 — the sink's
        api = MessagingApi(client)
        push = _sdk_push(api, bubble)
        began = perf_counter()
        if threads == 1:
            for number in range(count):
                push(number)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(push, range(count)))
        return count / (perf_counter() - began)


def _sdk_push(api: MessagingApi, bubble: dict[str, Any]) -> Callable[[int], None]:
    def push(number: int) -> None:
        contents = FlexContainer.from_dict(bubble)
        message = FlexMessage(altText="秋の新茶のご案内です", contents=contents)  # pyright: ignore[reportCallIssue]
        request = PushMessageRequest(to=f"U{number:032x}", messages=[message])  # pyright: ignore[reportCallIssue]
        api.push_message(request, x_line_retry_key=str(uuid4()))

    return push
