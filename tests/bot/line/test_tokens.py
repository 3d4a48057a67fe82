"""Stateless tokens are drawn in time and only once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

from bot.line.tokens import Issued, LongLivedToken, StatelessTokens
from tests.fakes.clock import FakeClock


def numbered(numbers: Iterator[int]) -> Issued:
    return Issued(f"token-{next(numbers)}", timedelta(seconds=899))


def test_a_token_is_kept_until_five_minutes_before_its_end(clock: FakeClock):
    numbers = count(1)
    tokens = StatelessTokens(lambda: numbered(numbers), clock)
    assert [tokens.token(), tokens.token()] == ["token-1", "token-1"]
    clock.advance(timedelta(minutes=9, seconds=58))
    assert tokens.token() == "token-1"
    clock.advance(timedelta(seconds=2))
    assert tokens.token() == "token-2"


def test_a_refused_token_is_replaced_once_however_many_threads_complain(clock: FakeClock):
    numbers = count(1)
    tokens = StatelessTokens(lambda: numbered(numbers), clock)
    refused = tokens.token()
    with ThreadPoolExecutor(8) as threads:
        renewed = set(threads.map(tokens.renewed, [refused] * 50))
    assert renewed == {"token-2"}


def test_the_long_lived_token_has_no_successor():
    assert LongLivedToken("abc").token() == "abc"
    assert LongLivedToken("abc").renewed("abc") is None
