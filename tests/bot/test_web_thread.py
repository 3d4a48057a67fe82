"""The web in a thread: it answers, and ends without a trace."""

from http.client import HTTPConnection
from socket import AF_INET, SOCK_STREAM, socket
from threading import Thread

import pytest
from flask import Flask

from bot.web_thread import serve_in_thread


def a_free_port() -> int:
    with socket(AF_INET, SOCK_STREAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


# "localhost" may stand for two addresses, which are two sockets of one server.
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_it_answers_and_lets_go_of_its_port_at_once_each_time(host: str) -> None:
    app = Flask("tests")
    app.add_url_rule("/", view_func=lambda: "はい")
    for _ in range(20):
        port = a_free_port()
        close = serve_in_thread(app, threads=2, host=host, port=port)
        caller = HTTPConnection("127.0.0.1", port, timeout=30)
        caller.request("GET", "/")
        assert caller.getresponse().read().decode() == "はい"
        close()  # While the caller still holds the connection.
        with socket(AF_INET, SOCK_STREAM) as late:
            assert late.connect_ex(("127.0.0.1", port)) != 0
        caller.close()


def test_who_is_being_answered_gets_all_of_it() -> None:
    app, size = Flask("tests"), 20_000_000
    app.add_url_rule("/", view_func=lambda: b"x" * size)
    port = a_free_port()
    close = serve_in_thread(app, threads=2, host="127.0.0.1", port=port)
    caller = HTTPConnection("127.0.0.1", port, timeout=30)
    caller.request("GET", "/")
    answer = caller.getresponse()
    ending = Thread(target=close)
    ending.start()
    assert len(answer.read()) == size
    ending.join()
    caller.close()
