"""Starts the simulator by itself: python -m bot.simulator."""

import argparse
import os
import sys
from pathlib import Path
from threading import Event, Thread

from bot.simulator.config import SimulatorConfig
from bot.simulator.server import RunningSimulator, serve

_DEFAULT = SimulatorConfig()


def main(arguments: list[str] | None = None) -> None:
    """Serve until a signal."""
    asked = _parser().parse_args(arguments)
    config = SimulatorConfig(
        channel_id=asked.channel_id,
        channel_secret=asked.secret,
        channel_access_tokens=tuple(asked.token or _DEFAULT.channel_access_tokens),
        webhook_url=asked.webhook,
        monthly_quota=asked.quota,
        state_file=asked.data,
        redelivery=asked.redelivery,
        rate_limits=not asked.no_rate_limits,
    )
    ended = Event()
    if asked.while_stdin_is_open:
        Thread(target=_end_with_stdin, args=(ended,), name="parent-watch", daemon=True).start()
    serve(config, asked.host, asked.port, ready=_announce, ended=ended)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--data", type=Path, help="state file; in memory without it")
    parser.add_argument("--webhook", help="the bot's webhook address")
    parser.add_argument("--secret", default=_DEFAULT.channel_secret, help="channel secret")
    parser.add_argument("--token", action="append", help="channel access token, may be repeated")
    parser.add_argument("--channel-id", default=_DEFAULT.channel_id)
    parser.add_argument("--quota", type=int, help="messages a month; no limit without it")
    parser.add_argument("--redelivery", action="store_true", help="send unanswered webhooks again")
    parser.add_argument("--no-rate-limits", action="store_true")
    parser.add_argument(
        "--while-stdin-is-open",
        action="store_true",
        help="end with the process that holds our standard input",
    )
    return parser


def _end_with_stdin(ended: Event) -> None:
    """Wait for the end of standard input: whoever started us is gone then, however it went."""
    # The bare descriptor: a thread inside sys.stdin would hold its lock when the interpreter ends.
    while os.read(0, 1024):
        pass
    ended.set()


def _announce(running: RunningSimulator) -> None:
    sys.stdout.write(f"LINE simulator on {running.url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
